//! What the fuzz targets try (`fuzz/`): the inputs that are kept, and as many others as a test has time for.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::splits::{mutation, nonsense, request};
use crate::{corpus, http_session};

#[test]
fn every_http_input_that_is_kept_is_answered_as_it_should_be() {
    corpus::replay("http_session", http_session::check);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_requests_are_answered_as_a_strict_reader_says(requests in vec(request(), 1..8)) {
        http_session::check(&requests.concat());
    }

    #[test]
    fn a_mutated_request_is_not_answered_as_if_it_were_well_formed(
        requests in vec(request(), 1..4),
        mutations in vec(mutation(), 1..4),
    ) {
        http_session::check(&mutations.into_iter().fold(requests.concat(), |bytes, mutation| mutation.apply(bytes)));
    }

    #[test]
    fn nonsense_is_never_taken_for_a_request(bytes in nonsense()) {
        http_session::check(&bytes);
    }
}

//! The faults, by the names they are asked for.

/// What is wrong with the server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// Of every large piece that it echoes it keeps the last byte to itself.
    DropsLastByte,
    /// A client who has said that it sends no more is thought to have left.
    LeavesHalfClosed,
    /// The end of input is not noticed, and the connection stays.
    KeepsHalfClosed,
    /// It reads whether or not its replies are read.
    Grows,
    /// Of two lengths that differ the first is taken.
    BelievesFirstLength,
    /// A chunk's size may be written in any way that a number may, and its lines may end in LF alone.
    AcceptsBadChunks,
    /// Nobody is told to go on with a body.
    NoContinue,
    /// Some memory is kept for every connection.
    LeaksMemory,
    /// Now and then the thread of a connection stays when that has ended.
    LeaksThreads,
    /// An idle connection is closed when the grace is over, and not before.
    KeepsIdleUntilGrace,
    /// Requests that came together are answered in the wrong order.
    OutOfOrder,
    /// HEAD is taken for GET.
    HeadWithBody,
    /// A line may end in LF alone.
    AcceptsBareLf,
    /// A refusal is followed by a close, with input unread.
    ResetsRefusals,
    /// What follows a refused request is taken for the next one.
    AnswersSmuggled,
    /// A descriptor stays open for every connection.
    LeaksDescriptors,
    /// A child is started for every connection, and never waited for.
    LeavesZombies,
    /// SIGTERM ends it at once.
    CutsOnSigterm,
    /// SIGTERM does not end it.
    IgnoresSigterm,
    /// A process is left when it ends.
    LeavesChild,
    /// It has room for one client at a time.
    OneAtATime,
    /// A reset brings it down.
    DiesOfReset,
    /// One loop with one buffer for what goes out: who asked in the same turn gets the last one's answer.
    SharesAnswers,
    /// One loop that waits until a client takes what it is sent.
    BlocksOnSend,
    /// It has no more than /hello, knows no POST, and ends each connection with the reply, none of which is a fault.
    OnlyHello,
    /// It has no more than /hello and ends at once on SIGTERM, with status 0.
    ExitsOnSigterm,
    /// The body of a GET is taken for the next request.
    TakesGetBodies,
    /// The body of a request that is refused is taken for the next request.
    TakesRefusedBodies,
    /// On SIGTERM who has sent half a request is told that it is bad.
    BlamesHalves,
    /// On SIGTERM idle connections are closed, whatever their clients send.
    ClosesOnSigterm,
    /// On SIGTERM a connection is closed behind the first reply, with what else has come unread.
    ClosesBehindFirst,
    /// What is well-formed and refused is followed by a close, with input unread.
    ResetsOthers,
    /// A request line may hold anything, and a first field may begin with a blank.
    AcceptsOddHeads,
    /// A child is started for every connection, and not waited for if that is reset.
    LeavesResetZombies,
    /// A descriptor stays open for every request that is refused.
    LeaksRefused,
    /// A head, or what follows a chunk, is judged once its end is there, however long that takes.
    WaitsForEnds,
    /// No reply is dated.
    NoDate,
    /// Replies are dated in a way of its own.
    OddDate,
    /// No line may be longer than 4,000 bytes, and there is a blank behind each colon.
    TooStrict,
    /// What waits does so in a line.
    WaitsInLine,
    /// A little memory is kept for every connection.
    LeaksSlowly,
    /// A page's path may lead up.
    Climbs,
    /// Links are followed, wherever they lead.
    FollowsLinks,
    /// Names that begin with a dot are shown.
    ShowsHidden,
    /// A page is whatever it looks like.
    TypesNothing,
    /// A directory is shown without its slash.
    NeverMoves,
    /// Whoever has a page is thought to have this one.
    BelievesEveryTag,
    /// No condition is heeded.
    HeedsNoCondition,
    /// A range lacks its last byte.
    CutsRanges,
    /// A range is sent whatever the client has the rest of.
    MixesPages,
    /// Where there is no descriptor for one more client it tries again and again, without a rest.
    TurnsWithoutDescriptors,
    /// What is no request brings it down.
    DiesOfGarbage,
    /// After a reset the next reply of whomever is left out.
    DropsAfterReset,
    /// Of a reply to what is no request the head is no head.
    RefusesInFreeForm,
}

impl Fault {
    pub(super) fn has_only_hello(self) -> bool {
        matches!(self, Self::OnlyHello | Self::ExitsOnSigterm)
    }
}

const FAULTS: [(&str, Fault); 55] = [
    ("none", Fault::None),
    ("drops-last-byte", Fault::DropsLastByte),
    ("leaves-half-closed", Fault::LeavesHalfClosed),
    ("keeps-half-closed", Fault::KeepsHalfClosed),
    ("grows", Fault::Grows),
    ("believes-first-length", Fault::BelievesFirstLength),
    ("accepts-bad-chunks", Fault::AcceptsBadChunks),
    ("no-continue", Fault::NoContinue),
    ("leaks-memory", Fault::LeaksMemory),
    ("leaks-threads", Fault::LeaksThreads),
    ("keeps-idle-until-grace", Fault::KeepsIdleUntilGrace),
    ("out-of-order", Fault::OutOfOrder),
    ("head-with-body", Fault::HeadWithBody),
    ("accepts-bare-lf", Fault::AcceptsBareLf),
    ("resets-refusals", Fault::ResetsRefusals),
    ("answers-smuggled", Fault::AnswersSmuggled),
    ("leaks-descriptors", Fault::LeaksDescriptors),
    ("leaves-zombies", Fault::LeavesZombies),
    ("cuts-on-sigterm", Fault::CutsOnSigterm),
    ("ignores-sigterm", Fault::IgnoresSigterm),
    ("leaves-child", Fault::LeavesChild),
    ("one-at-a-time", Fault::OneAtATime),
    ("dies-of-reset", Fault::DiesOfReset),
    ("shares-answers", Fault::SharesAnswers),
    ("blocks-on-send", Fault::BlocksOnSend),
    ("only-hello", Fault::OnlyHello),
    ("exits-on-sigterm", Fault::ExitsOnSigterm),
    ("takes-get-bodies", Fault::TakesGetBodies),
    ("takes-refused-bodies", Fault::TakesRefusedBodies),
    ("blames-halves", Fault::BlamesHalves),
    ("closes-on-sigterm", Fault::ClosesOnSigterm),
    ("closes-behind-first", Fault::ClosesBehindFirst),
    ("resets-others", Fault::ResetsOthers),
    ("accepts-odd-heads", Fault::AcceptsOddHeads),
    ("leaves-reset-zombies", Fault::LeavesResetZombies),
    ("leaks-refused", Fault::LeaksRefused),
    ("waits-for-ends", Fault::WaitsForEnds),
    ("no-date", Fault::NoDate),
    ("odd-date", Fault::OddDate),
    ("too-strict", Fault::TooStrict),
    ("waits-in-line", Fault::WaitsInLine),
    ("leaks-slowly", Fault::LeaksSlowly),
    ("climbs", Fault::Climbs),
    ("follows-links", Fault::FollowsLinks),
    ("shows-hidden", Fault::ShowsHidden),
    ("types-nothing", Fault::TypesNothing),
    ("never-moves", Fault::NeverMoves),
    ("believes-every-tag", Fault::BelievesEveryTag),
    ("heeds-no-condition", Fault::HeedsNoCondition),
    ("cuts-ranges", Fault::CutsRanges),
    ("mixes-pages", Fault::MixesPages),
    ("turns-without-descriptors", Fault::TurnsWithoutDescriptors),
    ("dies-of-garbage", Fault::DiesOfGarbage),
    ("drops-after-reset", Fault::DropsAfterReset),
    ("refuses-in-free-form", Fault::RefusesInFreeForm),
];

impl Fault {
    /// The fault of this name.
    pub(super) fn named(name: &str) -> Self {
        FAULTS.iter().find(|(other, _)| *other == name).expect("a fault that there is").1
    }
}

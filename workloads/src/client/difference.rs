//! Where what came differs from what is right, in a sentence.

/// None if `got` is what is `right`, which is as long. `offset` is where both stand in the whole message.
pub(super) fn difference(offset: u64, got: &[u8], right: &[u8]) -> Option<String> {
    if got == right {
        return None;
    }
    let (at, (got, right)) = got.iter().zip(right).enumerate().find(|(_, (got, right))| got != right)?;
    let byte = offset + at as u64;
    Some(format!("byte {byte} of the reply's body is 0x{got:02x}, where 0x{right:02x} is right"))
}

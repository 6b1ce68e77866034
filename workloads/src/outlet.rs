//! A way to say something to a client unasked.

/// The outgoing side of one connection, for services that [push](crate::Service::pushes): whoever has something to say to a
/// client says it here, on whatever thread that is.
///
/// Nothing waits. A client for whom the system has no room left is cut off, since to keep lines for those who never read would
/// take memory without bound, and to wait for one would hold all others up.
pub trait Outlet: Send + Sync {
    /// Sends all of `bytes` at once, whole and unmixed with what others push. False if the client could not take it, who
    /// is then cut off.
    fn push(&self, bytes: &[u8]) -> bool;

    /// Ends the connection. Its session is told by the end of its input.
    fn cut(&self);
}

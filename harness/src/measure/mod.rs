//! What the machine says about a run: what a server's process tree cost, what it held, and on which host.
//!
//! Nothing here asks the server: all figures come from the kernel, through control groups, `/proc`, process clocks
//! and `getrusage`, so they mean the same for every model and for servers that are not ours.
//!
//! * [`group`] is the account that the kernel keeps for one server, and [`after`] what is counted in it after the window
//!   ([`counters`]);
//! * [`tree`] finds the processes of a server, counts them and sums their memory;
//! * [`reading`] says what they had used at one moment, and the difference of two is the cost of a window;
//! * [`census`] notices what is in nobody's account, where there is no control group;
//! * [`life`] says what they used over their whole lives, where a window can't be exact;
//! * [`threads`] says who of a tree runs and who waits;
//! * [`timeline`] says what they did over a while;
//! * [`sampler`] takes samples while a load runs, and keeps the peaks;
//! * [`noise`] says what else the machine did meanwhile, and [`weather`] whether that was too much;
//! * [`hop`] says how far apart the two sides' processors are;
//! * [`floor`] measures the least that a request costs, and the most that the load generator can ask for;
//! * [`host`], [`limits`] and [`placement`] describe the machine and divide it.

pub mod after;
pub mod census;
pub mod counters;
pub mod crowd;
pub mod floor;
pub(crate) mod frugal;
pub mod group;
pub mod hop;
pub mod host;
pub mod life;
pub mod limits;
pub mod noise;
pub mod placement;
mod proc;
pub mod reading;
pub mod sampler;
pub mod threads;
pub mod timeline;
mod tracepoint;
pub mod tree;
pub mod weather;

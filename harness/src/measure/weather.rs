//! Tells a disturbed measurement from one that met the machine as it usually is.
//!
//! Two bounds have to be passed. The first is one that a figure can't take unharmed on any machine. The second is what is
//! usual in this run, since on a busy host there is no quiet moment to wait for: there all cells are measured alike, in the
//! same weather, and those that met with more than the others are out of line. Usual is the median of the cells just before,
//! disturbed ones included, so a machine whose weather changes for good is followed.
//!
//! The bounds come from a virtual machine of two processors beside other work (three to five processes that wanted to run), in
//! three quick runs of debug and release builds, windows of half a second. Steal: none, one tick now and then (other days had
//! 5% all along). The idle thread was late by 2 to 3 ms at the median and by 4 to 12 ms in nine of ten cells, while beside a
//! busy build by more than 27 ms in one of eight. With these bounds one cell in twenty to one in seven was disturbed.
//!
//! A spin and a hop are compared with the other one of their cell alone: a cell during which a speed changed is disturbed, and
//! one that met a speed from beginning to end is not, whichever it was. Ratios within rounds hold there, and to repeat such
//! cells would be to choose the speed. (A round whose cells met several distances is made one again: see
//! [`alike`](crate::alike).) Of 10,800 spins in twenty minutes beside other work nearly all took the same
//! 270.7 us; at most one in fifty differed from the one before it by more than 2%, and most of these by more than 5%.

use std::collections::VecDeque;
use std::time::Duration;

use reports::distance;
use reports::record::Noise;

use super::noise::SPIN_SHARE;

/// Steal below this part of the window is in no figure that can be told.
const STEAL_SHARE: f64 = 0.01;
/// A hiccup below this is what a thread may wait for others on a processor that is in use.
const HICCUP_US: f64 = 20_000.0;
/// And below this part of the window it changes no mean that can be told.
const HICCUP_SHARE: f64 = 0.01;
/// A server with processors of its own waits less than this part of the window for one: for the kernel's own threads, which
/// have most to do where connections come and go (2.5% was seen on a quiet machine). Beside other work it was 20% to 60%.
const SERVER_WAIT_SHARE: f64 = 0.1;
/// The generator waits for those that watch as well: each kind of sample takes up to 1% of its processor, the idle thread half
/// of that; and for the kernel's threads, as the server does.
const CLIENT_WAIT_SHARE: f64 = 0.1;
/// How many times what is usual may be added.
const TIMES_USUAL: f64 = 2.0;
/// How many cells are remembered.
const REMEMBERED: usize = 31;
/// How many it takes to say what is usual.
const ENOUGH: usize = 5;

/// What was seen in the cells so far.
#[derive(Debug, Clone, Default)]
pub struct Weather {
    seen: VecDeque<Noise>,
}

impl Weather {
    /// Says why a measurement over a window of this length was disturbed, if it was, and remembers what it met.
    pub fn judge(&mut self, noise: &Noise, window: Duration) -> Option<String> {
        let causes = [
            self.steal(noise),
            self.hiccup(noise, window),
            spins(noise),
            hops(noise),
            self.server_wait(noise),
            self.client_wait(noise),
        ];
        let causes: Vec<String> = causes.into_iter().flatten().collect();
        if self.seen.len() == REMEMBERED {
            self.seen.pop_front();
        }
        self.seen.push_back(*noise);
        (!causes.is_empty()).then(|| format!("the machine was disturbed: {}", causes.join(", and ")))
    }

    /// What was usual of late, as the record has it; absent where too little was seen.
    pub fn usual(&self) -> Noise {
        Noise {
            steal_share: self.median(|noise| noise.steal_share),
            hiccup_us: self.median(|noise| noise.hiccup_us),
            spin_before_us: self.median(|noise| noise.spin_before_us),
            spin_after_us: self.median(|noise| noise.spin_after_us),
            client_run_queue_wait_share: self.median(|noise| noise.client_run_queue_wait_share),
            server_run_queue_wait_share: self.median(|noise| noise.server_run_queue_wait_share),
            watching_cpu_s: self.median(|noise| noise.watching_cpu_s),
            hop_before_ns: self.median(|noise| noise.hop_before_ns),
            hop_after_ns: self.median(|noise| noise.hop_after_ns),
            disturbed: false,
        }
    }

    fn steal(&self, noise: &Noise) -> Option<String> {
        let share = noise.steal_share?;
        let usual = self.median(|noise| noise.steal_share).unwrap_or(0.0);
        (share > STEAL_SHARE + TIMES_USUAL * usual)
            .then(|| format!("the hypervisor gave {:.1}% of the time to others", share * 100.0))
    }

    fn hiccup(&self, noise: &Noise, window: Duration) -> Option<String> {
        let us = noise.hiccup_us?;
        let usual = self.median(|noise| noise.hiccup_us).unwrap_or(0.0);
        let harmless = HICCUP_US.max(window.as_secs_f64() * 1e6 * HICCUP_SHARE);
        (us > harmless + TIMES_USUAL * usual)
            .then(|| format!("an idle thread could not run for {:.0} ms", us / 1e3))
    }

    fn server_wait(&self, noise: &Noise) -> Option<String> {
        let share = noise.server_run_queue_wait_share?;
        let usual = self.so_far(|noise| noise.server_run_queue_wait_share);
        waited("the server", share, SERVER_WAIT_SHARE + TIMES_USUAL * usual)
    }

    fn client_wait(&self, noise: &Noise) -> Option<String> {
        let share = noise.client_run_queue_wait_share?;
        let usual = self.so_far(|noise| noise.client_run_queue_wait_share);
        waited("the load generator", share, CLIENT_WAIT_SHARE + TIMES_USUAL * usual)
    }

    fn median(&self, figure: impl Fn(&Noise) -> Option<f64>) -> Option<f64> {
        self.median_of(ENOUGH, figure)
    }

    /// The median of whatever was seen. Where others run beside a measurement they do so from its first cell on, and make it wait
    /// for a fifth to a half of the time: were nothing usual before the sixth cell, the first five would always be disturbed.
    fn so_far(&self, figure: impl Fn(&Noise) -> Option<f64>) -> f64 {
        self.median_of(1, figure).unwrap_or(0.0)
    }

    fn median_of(&self, at_least: usize, figure: impl Fn(&Noise) -> Option<f64>) -> Option<f64> {
        let mut values: Vec<f64> = self.seen.iter().filter_map(figure).collect();
        values.sort_by(f64::total_cmp);
        (values.len() >= at_least).then(|| values[values.len() / 2])
    }
}

fn hops(noise: &Noise) -> Option<String> {
    let (before, after) = (noise.hop_before_ns?, noise.hop_after_ns?);
    let how = if after > before { "further apart" } else { "closer together" };
    (!distance::alike(Some(before), Some(after))).then(|| {
        format!("the processors of the two sides came to be {how} ({before:.0} ns, then {after:.0} ns)")
    })
}

fn waited(who: &str, share: f64, bound: f64) -> Option<String> {
    (share > bound).then(|| {
        format!("{who} waited for a processor for {:.1}% of the time, which somebody else had", share * 100.0)
    })
}

fn spins(noise: &Noise) -> Option<String> {
    let (before, after) = (noise.spin_before_us?, noise.spin_after_us?);
    let by = before.max(after) / before.min(after) - 1.0;
    let how = if after > before { "longer after it than before" } else { "longer before it than after" };
    (by > SPIN_SHARE).then(|| format!("the same arithmetic took {:.0}% {how}", by * 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_millis(500);

    fn calm() -> Noise {
        Noise {
            steal_share: Some(0.0),
            hiccup_us: Some(3_000.0),
            spin_before_us: Some(1_000.0),
            spin_after_us: Some(1_010.0),
            client_run_queue_wait_share: Some(0.01),
            server_run_queue_wait_share: Some(0.001),
            ..Noise::default()
        }
    }

    /// What is said of `noise` after some cells like `usual`.
    fn said(usual: Noise, noise: Noise) -> String {
        let mut weather = Weather::default();
        for _ in 0..ENOUGH {
            weather.judge(&usual, WINDOW);
        }
        weather.judge(&noise, WINDOW).unwrap_or_default()
    }

    #[test]
    fn a_calm_cell_is_not_disturbed() {
        assert_eq!(said(calm(), calm()), "");
        assert_eq!(Weather::default().judge(&calm(), WINDOW), None);
        assert_eq!(
            Weather::default().judge(&Noise::default(), WINDOW),
            None,
            "what was not measured says nothing"
        );
    }

    #[test]
    fn each_kind_of_noise_is_told_with_its_figure() {
        let steal = Noise { steal_share: Some(0.05), ..calm() };
        assert_eq!(
            said(calm(), steal),
            "the machine was disturbed: the hypervisor gave 5.0% of the time to others"
        );
        let both = said(calm(), Noise { hiccup_us: Some(44_000.0), spin_after_us: Some(1_300.0), ..calm() });
        assert!(both.contains("an idle thread could not run for 44 ms"), "{both}");
        assert!(both.contains("the same arithmetic took 30% longer after it than before"), "{both}");
    }

    #[test]
    fn on_a_machine_that_is_noisy_all_along_only_what_stands_out_is_disturbed() {
        let noisy = Noise { steal_share: Some(0.06), hiccup_us: Some(15_000.0), ..calm() };
        assert_eq!(said(noisy, Noise { steal_share: Some(0.10), hiccup_us: Some(45_000.0), ..calm() }), "");
        assert_ne!(said(noisy, Noise { steal_share: Some(0.20), ..noisy }), "");
        assert_ne!(said(noisy, Noise { hiccup_us: Some(60_000.0), ..noisy }), "");
        assert_ne!(said(calm(), noisy), "", "the first to be noisy stands out");
    }

    #[test]
    fn who_has_a_processor_alone_and_waits_for_it_is_disturbed() {
        let server = |share| Noise { server_run_queue_wait_share: Some(share), ..calm() };
        let client = |share| Noise { client_run_queue_wait_share: Some(share), ..calm() };
        assert_eq!((said(calm(), server(0.015)), said(calm(), client(0.06))), (String::new(), String::new()));
        assert_eq!(
            said(calm(), server(0.131)),
            "the machine was disturbed: the server waited for a processor for 13.1% of the time, which somebody else had"
        );
        assert!(said(calm(), client(0.18)).contains("the load generator waited for a processor for 18.0%"));
        assert_eq!(said(server(0.03), server(0.14)), "", "where others run all along");
        let mut weather = Weather::default();
        let busy = [(); 3].map(|()| weather.judge(&server(0.4), WINDOW).is_some());
        assert_eq!(busy, [true, false, false], "one cell says what is usual");
        assert!(said(server(0.03), server(0.19)).contains("19.0%"));
    }

    #[test]
    fn processors_that_are_moved_apart_within_a_cell_disturb_it() {
        let hops = |before, after| Noise { hop_before_ns: Some(before), hop_after_ns: Some(after), ..calm() };
        assert_eq!(said(calm(), hops(130.0, 140.0)), "");
        assert_eq!(said(hops(140.0, 140.0), hops(210.0, 211.0)), "", "it lasts");
        assert!(said(calm(), hops(140.0, 210.0)).contains("further apart (140 ns, then 210 ns)"));
        assert!(said(calm(), hops(210.0, 140.0)).contains("closer together (210 ns, then 140 ns)"));
    }

    #[test]
    fn a_long_window_takes_a_longer_hiccup() {
        let noise = Noise { hiccup_us: Some(50_000.0), ..calm() };
        assert!(Weather::default().judge(&noise, WINDOW).is_some());
        assert_eq!(Weather::default().judge(&noise, Duration::from_secs(10)), None);
    }

    #[test]
    fn only_a_speed_that_changes_within_a_cell_disturbs_it() {
        let slow = Noise { spin_before_us: Some(1_300.0), spin_after_us: Some(1_300.0), ..calm() };
        assert_eq!(said(calm(), slow), "", "it lasts");
        let changes = Noise { spin_after_us: Some(1_300.0), ..calm() };
        assert!(said(calm(), changes).contains("30% longer after it than before"));
        let back = Noise { spin_before_us: Some(1_300.0), ..calm() };
        assert!(said(slow, back).contains("29% longer before it than after"));
        let hardly = Noise { spin_after_us: Some(1_000.0 * (1.0 + SPIN_SHARE * 0.9)), ..calm() };
        assert_eq!(said(calm(), hardly), "");
    }
}

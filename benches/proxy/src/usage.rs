//! What a contender used: processor time in nanoseconds, memory in bytes; read from `/proc`.

use std::fs;

use crate::contender::Contender;

/// Of all threads, those that ended included. The kernel counts in nanoseconds and shows ticks of
/// 10 ms, so what is measured must take many.
pub fn cpu_ns(contender: &Contender) -> u64 {
    let of_process = |pid: u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
        // utime and stime, fields 14 and 15 of proc(5).
        let ticks = fields.split_whitespace().skip(11).take(2);
        ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10_000_000
    };
    contender.processes().into_iter().map(of_process).sum()
}

/// Of its own: what is read from files is shared with whoever runs the same program.
pub fn memory(contender: &Contender) -> u64 {
    let of_process = |pid: u32| {
        let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or_default() * 1024
    };
    contender.processes().into_iter().map(of_process).sum()
}

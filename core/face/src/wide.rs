//! Runs a piece of work with the widest vector instructions that this processor has.
//!
//! The work is plain Rust, compiled once for each set of instructions; the compiler does the rest.
//! Absent: instructions by name, and any difference in the answer.

/// Bytes that come from memory together.
const CACHE_LINE: usize = 64;

/// A loop worth compiling several times. `run` and what it calls are to be `#[inline(always)]`, else they keep the
/// instructions that every processor has.
pub(crate) trait Work {
    type Output;

    fn run(self) -> Self::Output;
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "code for a processor's own instructions may run only after asking for them")]
pub(crate) fn with_widest<W: Work>(work: W) -> W::Output {
    use std::arch::is_x86_feature_detected as has;
    if has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") && has!("avx512vpopcntdq") {
        // SAFETY: the processor has each feature that `avx512` is compiled with, as was just asked.
        return unsafe { avx512(work) };
    }
    if has!("avx2") && has!("fma") && has!("popcnt") {
        // SAFETY: as above, for `avx2`.
        return unsafe { avx2(work) };
    }
    work.run()
}

/// Elsewhere the instructions that every processor has are wide already.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn with_widest<W: Work>(work: W) -> W::Output {
    work.run()
}

/// Asks memory for what will be read soon.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "the instruction takes an address")]
#[inline(always)]
pub(crate) fn prefetch<T>(soon: &[T]) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    for value in soon.iter().step_by((CACHE_LINE / size_of::<T>()).max(1)) {
        // SAFETY: a prefetch changes nothing that a program can see, and the address is that of a value anyway.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast()) }
    }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(crate) fn prefetch<T>(_soon: &[T]) {}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq,avx2,fma,popcnt")]
fn avx512<W: Work>(work: W) -> W::Output {
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,popcnt")]
fn avx2<W: Work>(work: W) -> W::Output {
    work.run()
}

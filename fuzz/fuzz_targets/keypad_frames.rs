#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    pforte_fuzz::keypad_frames(bytes);
});

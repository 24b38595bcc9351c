#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    pforte_fuzz::desfire_answers(bytes);
});

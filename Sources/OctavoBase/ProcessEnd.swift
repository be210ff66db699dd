private import CCrypto

/// Lets OpenSSL leave its memory to the system when the process ends, instead of freeing it.
///
/// A thread that hashed may still be ending when another ends the process. OpenSSL would then free
/// what the thread has in the same moment: seen as a segmentation fault behind a finished command.
/// To be called once, before anything is hashed or fetched.
public func skipCleanupAtExit() {
    _ = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
}

#pragma once
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>

// What OpenSSL offers as macros, variadic functions or callbacks, which Swift cannot call.

/// A passphrase for OpenSSL to ask for. Without this it would ask the terminal.
struct octavo_passphrase {
    const unsigned char *bytes;
    int count;
    /// Set when it was asked for.
    int was_asked;
};

static inline int octavo_give_passphrase(char *buffer, int size, int writing, void *context) {
    struct octavo_passphrase *passphrase = (struct octavo_passphrase *)context;
    (void)writing;
    passphrase->was_asked = 1;
    if (!passphrase->bytes || passphrase->count > size) return -1;
    memcpy(buffer, passphrase->bytes, (size_t)passphrase->count);
    return passphrase->count;
}

static inline EVP_PKEY *octavo_read_private_key(
    BIO *source, struct octavo_passphrase *passphrase) {
    return PEM_read_bio_PrivateKey(source, NULL, octavo_give_passphrase, passphrase);
}

static inline EVP_PKEY *octavo_read_public_key(BIO *source) {
    struct octavo_passphrase none = {NULL, 0, 0};
    return PEM_read_bio_PUBKEY(source, NULL, octavo_give_passphrase, &none);
}

static inline EVP_PKEY *octavo_make_key(const char *curve) {
    return EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
}

/// Writes PKCS #8, encrypted with AES-256 under PBKDF2 where there is a passphrase.
static inline int octavo_write_private_key(
    BIO *sink, EVP_PKEY *key, const struct octavo_passphrase *passphrase, int iterations) {
    PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(key);
    if (!plain) return 0;
    int written = 0;
    if (!passphrase->bytes) {
        written = PEM_write_bio_PKCS8_PRIV_KEY_INFO(sink, plain);
    } else {
        X509_SIG *sealed = PKCS8_encrypt(
            -1, EVP_aes_256_cbc(), (const char *)passphrase->bytes, passphrase->count, NULL, 0,
            iterations, plain);
        if (sealed) written = PEM_write_bio_PKCS8(sink, sealed);
        X509_SIG_free(sealed);
    }
    PKCS8_PRIV_KEY_INFO_free(plain);
    return written;
}

static inline long octavo_written(BIO *sink, char **bytes) { return BIO_get_mem_data(sink, bytes); }

/// Copies a parameter that is a text; returns how many bytes it has, 0 if there is none.
static inline size_t octavo_key_text(
    const EVP_PKEY *key, const char *name, char *buffer, size_t size) {
    size_t count = 0;
    return EVP_PKEY_get_utf8_string_param(key, name, buffer, size, &count) == 1 ? count : 0;
}

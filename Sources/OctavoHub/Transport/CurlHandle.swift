import CCurl

/// A libcurl handle, set up for one exchange after the other.
///
/// Only the thread of its ``CurlLoop`` touches it.
@safe
final class CurlHandle {
    let handle: UnsafeMutableRawPointer
    private var headers: UnsafeMutablePointer<curl_slist>?

    init?() {
        guard let handle = unsafe curl_easy_init() else { return nil }
        unsafe self.handle = unsafe handle
    }

    deinit {
        unsafe curl_easy_cleanup(handle)
        unsafe curl_slist_free_all(headers)
    }

    /// Prepares an exchange, which must live until the transfer has ended.
    func prepare(_ exchange: CurlExchange, _ settings: CurlSettings) {
        unsafe curl_easy_reset(handle)
        set(CURLOPT_URL, exchange.request.url.description)
        set(CURLOPT_USERAGENT, settings.userAgent)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_FOLLOWLOCATION, 0)
        if let file = settings.certificates.file { set(CURLOPT_CAINFO, file) }
        if let directory = settings.certificates.directory { set(CURLOPT_CAPATH, directory) }
        // What is for this machine, a token perhaps, must not pass through a proxy.
        if exchange.request.url.origin.isLoopback { set(CURLOPT_NOPROXY, "*") }
        set(CURLOPT_CONNECTTIMEOUT, 10)
        // No limit on the whole: a shard may take hours. Standing still is what counts.
        set(CURLOPT_LOW_SPEED_LIMIT, 1)
        set(CURLOPT_LOW_SPEED_TIME, exchange.request.patience)
        // Contents of many gigabytes pass: fewer, larger pieces cost less.
        set(CURLOPT_BUFFERSIZE, 512 << 10)
        set(CURLOPT_UPLOAD_BUFFERSIZE, 512 << 10)
        // Short requests share a connection where the hub speaks HTTP/2; contents get their own.
        if exchange.isShort { set(CURLOPT_PIPEWAIT, 1) }
        setMethod(exchange)
        unsafe curl_slist_free_all(headers)
        unsafe headers = nil
        for line in exchange.headerLines { unsafe headers = curl_slist_append(headers, line) }
        _ = unsafe octavo_curl_set_list(handle, CURLOPT_HTTPHEADER, headers)
        unsafe octavo_curl_set_callbacks(
            handle,
            receiveHeader,
            receiveBody,
            sendBody,
            seekBody,
            reportProgress,
            Unmanaged.passUnretained(exchange).toOpaque()
        )
    }

    private func setMethod(_ exchange: CurlExchange) {
        switch exchange.request.method {
        case "GET": set(CURLOPT_HTTPGET, 1)
        case "HEAD": set(CURLOPT_NOBODY, 1)
        case let method:
            set(CURLOPT_CUSTOMREQUEST, method)
            // libcurl's name for a request with a body. The exact length keeps it from chunking.
            set(CURLOPT_UPLOAD, 1)
            _ = unsafe octavo_curl_set_offset(
                handle,
                CURLOPT_INFILESIZE_LARGE,
                curl_off_t(exchange.bodyLength)
            )
        }
    }

    private func set(_ option: CURLoption, _ value: String) {
        _ = unsafe octavo_curl_set_string(handle, option, value)
    }

    private func set(_ option: CURLoption, _ value: Int) {
        _ = unsafe octavo_curl_set_long(handle, option, value)
    }
}

// libcurl calls these on the loop's thread. Anything but the expected count stops
// the transfer.

private func exchange(_ context: UnsafeMutableRawPointer?) -> CurlExchange? {
    unsafe context.map { unsafe Unmanaged<CurlExchange>.fromOpaque($0).takeUnretainedValue() }
}

private func receiveHeader(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let exchange = unsafe exchange(context) else { return 0 }
    let line = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    let isTaken = exchange.receive(headerLine: unsafe String(decoding: line, as: UTF8.self))
    return isTaken ? size * count : -1
}

private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let exchange = unsafe exchange(context) else { return 0 }
    let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    return exchange.receive(unsafe buffer.bytes) ? size * count : -1
}

private func sendBody(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let exchange = unsafe exchange(context) else { return Int(CURL_READFUNC_ABORT) }
    let buffer = unsafe UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
    return unsafe exchange.fill(buffer) ?? Int(CURL_READFUNC_ABORT)
}

private func seekBody(_ context: UnsafeMutableRawPointer?, _ offset: curl_off_t, _ origin: Int32)
    -> Int32
{
    guard let exchange = unsafe exchange(context), origin == 0, exchange.seek(to: Int(offset))
    else {
        return CURL_SEEKFUNC_FAIL
    }
    return CURL_SEEKFUNC_OK
}

private func reportProgress(
    _ context: UnsafeMutableRawPointer?,
    _: curl_off_t,
    _: curl_off_t,
    _: curl_off_t,
    sent: curl_off_t
) -> Int32 {
    guard let exchange = unsafe exchange(context), !exchange.isCancelled.isRaised else { return 1 }
    exchange.reportSent(Int(sent))
    return 0
}

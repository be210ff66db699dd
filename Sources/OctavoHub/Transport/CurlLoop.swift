import CCurl
import OctavoBase
import Synchronization

/// What all exchanges of a transport have in common.
struct CurlSettings: Sendable {
    let userAgent: String
    let certificates: CertificatePlaces
}

/// Carries exchanges with libcurl's multi interface, all of them on one thread.
///
/// The thread is there while there is something to carry. Connections outlive it and are used again;
/// where a hub speaks HTTP/2, short requests share one.
@safe
final class CurlLoop: @unchecked Sendable {
    /// An exchange on its way, and who waits for its end.
    private struct Transfer {
        let exchange: CurlExchange
        let isCancelled: CancellationFlag
        let end: @Sendable (CURLcode) -> Void
    }

    private struct Queue {
        var waiting: [Transfer] = []
        var isRunning = false
    }

    private let settings: CurlSettings
    // Beside `curl_multi_wakeup`, which any thread may call, only the loop's thread uses these three.
    private let multi: UnsafeMutableRawPointer
    private var active: [ObjectIdentifier: (handle: CurlHandle, transfer: Transfer)] = [:]
    private var idle: [CurlHandle] = []
    private let queue = Mutex(Queue())

    /// The most connections to one host: what more is asked for waits.
    private static let connectionLimit = 16
    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init?(_ settings: CurlSettings) {
        guard Self.isReady, let multi = unsafe curl_multi_init() else { return nil }
        unsafe self.multi = unsafe multi
        self.settings = settings
        _ = unsafe octavo_curl_multi_set_long(
            multi,
            CURLMOPT_MAX_HOST_CONNECTIONS,
            Self.connectionLimit
        )
    }

    deinit {
        idle.removeAll()
        _ = unsafe curl_multi_cleanup(multi)
    }

    /// Carries an exchange from beginning to end.
    func carry(_ exchange: CurlExchange, _ isCancelled: CancellationFlag) async -> CURLcode {
        await withCheckedContinuation { continuation in
            let transfer = Transfer(
                exchange: exchange,
                isCancelled: isCancelled,
                end: { continuation.resume(returning: $0) }
            )
            let mustStart = queue.withLock { queue in
                queue.waiting.append(transfer)
                defer { queue.isRunning = true }
                return !queue.isRunning
            }
            if mustStart {
                Task { try? await runBlocking { self.run() } }
            } else {
                wake()
            }
        }
    }

    /// Makes the thread look at what is new: an exchange, or that one was cancelled.
    func wake() { _ = unsafe curl_multi_wakeup(multi) }

    private func run() {
        while let new = next() {
            for transfer in new { begin(transfer) }
            var running: Int32 = 0
            _ = unsafe curl_multi_perform(multi, &running)
            for (handle, code) in ended() { end(handle, code) }
            for (handle, transfer) in active.values where transfer.isCancelled.isRaised {
                end(handle, CURLE_ABORTED_BY_CALLBACK)
            }
            if !active.isEmpty { _ = unsafe curl_multi_poll(multi, nil, 0, 1000, nil) }
        }
    }

    /// What came since the last time; nil, and the thread is to end, when there is nothing to do.
    private func next() -> [Transfer]? {
        queue.withLock { queue in
            if queue.waiting.isEmpty, active.isEmpty {
                queue.isRunning = false
                return nil
            }
            defer { queue.waiting = [] }
            return queue.waiting
        }
    }

    private func begin(_ transfer: Transfer) {
        guard let handle = idle.popLast() ?? CurlHandle() else {
            return transfer.end(CURLE_OUT_OF_MEMORY)
        }
        handle.prepare(transfer.exchange, settings)
        active[ObjectIdentifier(handle)] = (handle, transfer)
        if unsafe curl_multi_add_handle(multi, handle.handle) != CURLM_OK {
            end(handle, CURLE_FAILED_INIT)
        }
    }

    /// The transfers that have ended, and how.
    private func ended() -> [(CurlHandle, CURLcode)] {
        var all: [(CurlHandle, CURLcode)] = []
        var code = CURLE_OK
        while let pointer = unsafe octavo_curl_multi_next_ended(multi, &code) {
            if let entry = active.values.first(where: { unsafe $0.handle.handle == pointer }) {
                all.append((entry.handle, code))
            }
        }
        return all
    }

    private func end(_ handle: CurlHandle, _ code: CURLcode) {
        guard let transfer = active.removeValue(forKey: ObjectIdentifier(handle))?.transfer else {
            return
        }
        _ = unsafe curl_multi_remove_handle(multi, handle.handle)
        idle.append(handle)
        transfer.end(code)
    }
}

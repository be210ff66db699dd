import Foundation
import OctavoBase
import OctavoHub
import OctavoTestSupport
import Testing

@Suite("What a hub holds in memory")
struct HubMemoryTests {
    @Test("a commit of many small files is never in memory as a whole")
    func commit() async throws {
        try await withSandbox { box in
            try await box.withHub { hub in
                let client = HubClient(
                    HubConfiguration(
                        endpoint: try #require(WebURL(hub["HF_ENDPOINT"] ?? "")),
                        token: AccessToken(hub["HF_TOKEN"] ?? "")
                    )
                )
                let id = try RepositoryID("ada/tiny")
                _ = try await client.createRepository(id)
                // In base64 these are 201 million bytes.
                let operations = (0..<16).map { number in
                    let contents = [UInt8](repeating: 0x61 + UInt8(number), count: 9 << 20)
                    return CommitOperation.file(path: "\(number).txt", contents: contents)
                }
                _ = try await client.commit(
                    operations,
                    to: id,
                    branch: .main,
                    parent: try await client.information(id).commit,
                    message: "Small files"
                )
                let most = try #require(try box.mostMemoryOfHub())
                // A line takes 12 MB, as text of the JSON again, and decoded 9 MB; the rest is the program itself.
                #expect(most < 150_000_000, "\(most) bytes")
            }
        }
    }
}

extension Sandbox {
    /// The most memory, in bytes, that the hub of the sandbox has had so far; nil if there is none.
    fileprivate func mostMemoryOfHub() throws -> Int? {
        let files = FileManager.default
        let place = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        for process in try directoryEntries("/proc") where Int(process) != nil {
            // Processes of others, and those that have just ended, cannot be read.
            guard
                let folder = try? files.destinationOfSymbolicLink(atPath: "/proc/\(process)/cwd"),
                folder == place,
                let status = try? String(
                    contentsOfFile: "/proc/\(process)/status",
                    encoding: .utf8
                ),
                status.hasPrefix("Name:\toctavo\n"),
                let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
                let kilobytes = Int(line.filter(\.isNumber))
            else { continue }
            return kilobytes * 1024
        }
        return nil
    }
}

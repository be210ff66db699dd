import OctavoBase
@testable import OctavoHub
import OctavoTestSupport
import Testing

@Suite("Finding endpoint, token and cache")
struct ConfigurationTests {
    @Test("The defaults are the Python client's")
    func defaults() throws {
        let found = try HubConfiguration(environment: ["HOME": "/home/ada"])
        #expect(found.endpoint.description == "https://huggingface.co/")
        #expect(found.token == nil)
        #expect(found.cacheDirectory == "/home/ada/.cache/huggingface/hub")
    }

    @Test(
        "The cache is where the variables say",
        arguments: [
            (["HF_HUB_CACHE": "/c", "HF_HOME": "/h"], "/c"), (["HF_HOME": "/h"], "/h/hub"),
            (["XDG_CACHE_HOME": "/x"], "/x/huggingface/hub"),
            (["HF_HOME": "~/h"], "/home/ada/h/hub"),
        ]
    )
    func cache(_ variables: [String: String], _ expected: String) throws {
        let environment = variables.merging(["HOME": "/home/ada"]) { given, _ in given }
        #expect(try HubConfiguration(environment: environment).cacheDirectory == expected)
    }

    @Test("Tokens: the newer variable, the older, the file; none if told so")
    func tokens() async throws {
        try await withTemporaryDirectory { home in
            try AtomicFile.write(" hf_file \n", to: joined(home, "token"))
            var environment = ["HF_HOME": home]
            #expect(try HubConfiguration(environment: environment).token?.secret == "hf_file")
            environment["HUGGING_FACE_HUB_TOKEN"] = "hf_old"
            #expect(try HubConfiguration(environment: environment).token?.secret == "hf_old")
            environment["HF_TOKEN"] = "hf_new\r\n"
            #expect(try HubConfiguration(environment: environment).token?.secret == "hf_new")
            environment["HF_TOKEN"] = "  "
            #expect(try HubConfiguration(environment: environment).token?.secret == "hf_old")
            environment["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1"
            #expect(try HubConfiguration(environment: environment).token == nil)
        }
    }

    @Test("What is no endpoint or no token is named")
    func refused() {
        for text in ["hub", "ftp://hub", "https://u:p@hub", "https://hub?x"] {
            #expect(throws: HubError.invalidEndpoint(text)) {
                _ = try HubConfiguration(environment: ["HF_ENDPOINT": text])
            }
        }
        #expect(throws: HubError.malformedToken("the environment")) {
            _ = try HubConfiguration(environment: ["HF_TOKEN": "two words"])
        }
    }
}

import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

@Suite
struct ConfigTests {
    /// A configuration before, and the spellings of its rotary positions after.
    @Test(arguments: [
        (
            #"{"rope_theta": 5e5, "rope_scaling": null}"#,
            #"{"rope_theta": 5e5, "rope_scaling": null, "rope_parameters": {"rope_type": "default", "rope_theta": 5e5}}"#
        ),
        (
            #"{"rope_parameters": {"rope_theta": 1e4, "rope_type": "default"}}"#,
            #"{"rope_theta": 1e4, "rope_scaling": null, "rope_parameters": {"rope_theta": 1e4, "rope_type": "default"}}"#
        ),
        (
            #"{"rope_parameters": {"rope_theta": 1e4, "rope_type": "linear", "factor": 2.0}}"#,
            #"""
            {"rope_theta": 1e4, "rope_scaling": {"rope_type": "linear", "factor": 2.0},
             "rope_parameters": {"rope_theta": 1e4, "rope_type": "linear", "factor": 2.0}}
            """#
        ),
        // The old spelling counts where both are there.
        (
            #"""
            {"rope_theta": 1e4, "rope_scaling": {"type": "su", "long_factor": [1.5]},
             "rope_parameters": {"rope_theta": 7.0, "rope_type": "default"}}
            """#,
            #"""
            {"rope_theta": 1e4, "rope_scaling": {"type": "longrope", "rope_type": "longrope", "long_factor": [1.5]},
             "rope_parameters": {"rope_theta": 1e4, "rope_type": "longrope", "long_factor": [1.5]}}
            """#
        ),
        (
            #"{"rope_parameters": {"rope_theta": 1e4, "rope_type": "default", "partial_rotary_factor": 0.5}}"#,
            #"""
            {"rope_theta": 1e4, "partial_rotary_factor": 0.5, "rope_scaling": null,
             "rope_parameters": {"rope_theta": 1e4, "rope_type": "default", "partial_rotary_factor": 0.5}}
            """#
        ),
        (
            #"{"rope_theta": 1e6, "rope_local_base_freq": 1e4, "rope_scaling": {"rope_type": "linear", "factor": 8.0}}"#,
            #"""
            {"rope_theta": 1e6, "rope_local_base_freq": 1e4, "rope_scaling": {"rope_type": "linear", "factor": 8.0},
             "rope_parameters": {"full_attention": {"rope_theta": 1e6, "rope_type": "linear", "factor": 8.0},
                                 "sliding_attention": {"rope_theta": 1e4, "rope_type": "default"}}}
            """#
        ),
        (
            #"""
            {"rope_parameters": {"full_attention": {"rope_theta": 1e6, "rope_type": "default"},
                                 "sliding_attention": {"rope_theta": 1e4, "rope_type": "default"}}}
            """#,
            #"""
            {"rope_theta": 1e6, "rope_local_base_freq": 1e4, "rope_scaling": null,
             "rope_parameters": {"full_attention": {"rope_theta": 1e6, "rope_type": "default"},
                                 "sliding_attention": {"rope_theta": 1e4, "rope_type": "default"}}}
            """#
        ),
        (#"{}"#, #"{}"#),
    ])
    func rotaryPositionsAreSpelledTwice(_ before: String, _ after: String) throws {
        let completed = completedConfig(try JSON(parsing: before), dtype: "float16")
        var expected = try #require(JSON(parsing: after).object)
        expected["dtype"] = "float16"
        expected["torch_dtype"] = "float16"
        // Compared sorted: the order of keys is of no matter.
        #expect(completed.text(.canonical) == JSON.object(expected).text(.canonical))
    }

    @Test
    func quantizedModelsListTheirDenseLinearsTwice() throws {
        let parameters = try #require(AQLMParameters(codebooks: 2, bits: 8, inGroup: 8))
        let quantization = parameters.quantizationConfig(unquantized: [
            "lm_head", "model.layers.1.q",
        ])
        #expect(
            quantization.text(.canonical)
                == #"{"in_group_size":8,"linear_weights_not_to_quantize":["lm_head","lm_head.weight","model.layers.1.q","model.layers.1.q.weight"],"nbits_per_codebook":8,"num_codebooks":2,"out_group_size":1,"quant_method":"aqlm"}"#
        )
        let config = completedConfig(
            .object(["torch_dtype": "bfloat16"]),
            dtype: "float16",
            quantization: quantization
        )
        #expect(config["quantization_config"] == quantization)
        #expect(config["torch_dtype"] == "float16")
        #expect(try AQLMDeclaration(modern: config).parameters == parameters)
        // A model that was quantized and is written dense is no longer declared quantized.
        #expect(completedConfig(config, dtype: "float32")["quantization_config"] == nil)
    }
}

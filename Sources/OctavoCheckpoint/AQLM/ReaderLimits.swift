internal import OctavoBase

/// What a sound model in the AQLM layout asks of readers that some do not manage.
///
/// - Parameters:
///   - parameters: The numbers that all modules share.
///   - modules: The quantized linears.
///   - dense: The paths of linears that are not.
///   - config: The model's configuration.
/// - Returns: Findings none of which is a fault of the model.
func readerLimits(
    _ parameters: AQLMParameters,
    _ modules: [AQLMLayout.Module],
    dense: [String],
    _ config: JSON
) -> [ReaderFinding] {
    var findings: [ReaderFinding] = []
    func add(
        _ code: ReaderFinding.Code,
        _ readers: [ReaderFinding.Reader],
        _ isMeant: (AQLMLayout.Module) -> Bool
    ) {
        let paths = modules.filter(isMeant).map(\.path)
        if !paths.isEmpty { findings.append(ReaderFinding(code, readers, paths)) }
    }
    if parameters.bits == 8 { findings.append(ReaderFinding(.cpuKernel, [.aqlmCPU])) }
    if parameters.outGroup > 1 {
        // The transposition that the kernel for 8 bits comes with is wrong for such groups.
        let readers: [ReaderFinding.Reader] = parameters.bits == 8 ? [.aqlmCPU, .vLLM] : [.vLLM]
        findings.append(ReaderFinding(.tallGroups, readers))
    }
    add(.experts, [.transformers5]) { $0.path.contains(".experts.") }
    add(.fusedLinears, [.vLLM]) {
        $0.path.hasSuffix(".qkv_proj") || $0.path.hasSuffix(".gate_up_proj")
    }
    // Heads and the routers of experts are no linears to vLLM.
    let linears = dense.filter { $0 != "lm_head" && !$0.hasSuffix(".gate") }
    if !linears.isEmpty { findings.append(ReaderFinding(.denseLinears, [.vLLM], linears)) }
    if (config["torch_dtype"] ?? config["dtype"]) == "bfloat16" {
        findings.append(ReaderFinding(.bfloat16, [.vLLM]))
    }
    if parameters.outGroup == 1 {
        let word = rowWord(parameters)
        add(.narrowRows, [.aqlmCUDA]) { $0.inFeatures % word != 0 }
        if parameters == AQLMParameters(codebooks: 1, bits: 16, inGroup: 16) {
            add(.wideRows, [.aqlmCUDA]) { $0.inFeatures > 4096 }
        }
    }
    return findings
}

/// The inputs whose codes the kernels for graphics cards read at once; a row must be a multiple.
private func rowWord(_ parameters: AQLMParameters) -> Int {
    switch (parameters.codebooks, parameters.bits) {
    // 16 bytes are eight codes.
    case (1, 16): 8 * parameters.inGroup
    case (_, 8): 64
    // No kernel of its own: those for any scheme read code by code.
    default: 1
    }
}

# The commands of this project. `make demo` and `make test` are all a newcomer needs.

.PHONY: demo build test test-report test-slurm check fmt bench fuzz interop interop-hub interop-openai clean

build: ## the release binary, .build/release/octavo
	@scripts/install-dependencies.sh
	swift build -c release

demo: ## fold, verify, push and pull a real language model
	@scripts/install-dependencies.sh --demo
	swift build -c release --product octavo
	@scripts/demo.sh

test: ## build and run all tests
	@scripts/install-dependencies.sh
	swift test -c release

test-report: ## look at reports and a hub's pages in a real browser, and at the hub behind nginx; installs both
	@scripts/install-dependencies.sh --browser
	swift test -c release --filter "ReportTests|ProxyTests"

test-slurm: ## submit to a real Slurm, started on this machine for the time of the test; installs Debian's
	@scripts/install-dependencies.sh --slurm
	@scripts/test-slurm.sh

check: ## format, import table, no warnings
	@scripts/install-dependencies.sh
	@scripts/check.sh

fmt: ## put every file into the project's format
	swift format format --in-place --parallel --recursive Package.swift Sources Tests Fuzz/Package.swift Fuzz/Sources

bench: ## quality and speed of quantizer, tuning and inference as ratios; time and memory with a large checkpoint
	@scripts/install-dependencies.sh
	swift build -c release --product octavo
	@Benchmarks/quantize.sh
	@Benchmarks/tune.sh
	@Benchmarks/inference.sh
	@Benchmarks/model.sh
	@Benchmarks/checkpoint.sh
	@Benchmarks/container.sh
	@Benchmarks/hub.sh

fuzz: ## feed every reader with spoilt files, FUZZ_SECONDS each (600)
	@scripts/install-dependencies.sh
	@Fuzz/run.sh

interop: build ## compare with PyPI's transformers, aqlm, huggingface_hub and openai
	@scripts/install-dependencies.sh --interop
	@scripts/interop/run.sh

interop-hub: ## let huggingface_hub and git-lfs use octavo's hub, and octavo what they wrote
	@scripts/install-dependencies.sh --interop
	swift build -c release --product octavo
	@scripts/interop/hub.sh

interop-openai: ## let PyPI's openai use a model that octavo serves
	@scripts/install-dependencies.sh --interop
	swift build -c release --product octavo
	@scripts/interop/openai.sh

clean:
	rm -rf .build

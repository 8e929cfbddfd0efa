export default {
	testRunner: "vitest",
	plugins: ["@stryker-mutator/vitest-runner"],
	mutate: ["src/**/*.ts", "!src/**/*.test.ts", "!src/index.ts"],
	// Names no existing file: Stryker rewrites a tsconfig with TypeScript's compiler API, which version 7 does not have.
	tsconfigFile: "none.json",
	coverageAnalysis: "perTest",
	concurrency: 2,
	timeoutMS: 20_000,
	reporters: ["clear-text", "json", "progress-append-only"],
	clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
	jsonReporter: { fileName: "coverage/mutation.json" },
	// At the same depth as this package, so that the copies find the root's tsconfig.
	tempDirName: "../../coverage",
	thresholds: { high: 95, low: 90, break: 90 },
};

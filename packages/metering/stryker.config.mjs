export default {
	testRunner: "vitest",
	plugins: ["@stryker-mutator/vitest-runner"],
	mutate: ["src/**/*.ts", "!src/**/*.test.ts", "!src/index.ts"],
	// There is none of this name: Stryker would rewrite a tsconfig with TypeScript's programming interface, which version 7 has not.
	tsconfigFile: "none.json",
	coverageAnalysis: "perTest",
	concurrency: 2,
	timeoutMS: 20_000,
	reporters: ["clear-text", "json", "progress-append-only"],
	clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
	jsonReporter: { fileName: "coverage/mutation.json" },
	// As deep below the root as this package is, so that the copies find the root's tsconfig.
	tempDirName: "../../coverage",
	thresholds: { high: 95, low: 90, break: 90 },
};

import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		name: "sandbox",
		environment: "node",
		include: ["src/**/*.test.ts"],
		// Nothing of a file outlives its tests, and the contract is compiled once a worker.
		isolate: false,
		// They start servers and processes, on machines that do other things besides.
		testTimeout: 60_000,
		expect: { poll: { timeout: 15_000 } },
	},
});

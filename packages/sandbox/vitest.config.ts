import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		name: "sandbox",
		environment: "node",
		include: ["src/**/*.test.ts"],
		// Test files leave no global state, and each worker compiles the contract only once.
		isolate: false,
		// Tests start servers and processes, which is slow on a busy machine.
		testTimeout: 60_000,
		expect: { poll: { timeout: 15_000 } },
	},
});

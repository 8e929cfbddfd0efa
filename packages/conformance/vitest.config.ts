import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		name: "conformance",
		environment: "node",
		include: ["src/**/*.test.ts"],
		isolate: false,
		testTimeout: 60_000,
		// Tests mostly wait for models, so many run concurrently.
		maxWorkers: 2,
		maxConcurrency: 16,
	},
});

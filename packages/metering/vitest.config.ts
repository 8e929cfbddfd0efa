import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		name: "metering",
		include: ["src/**/*.test.ts", "proof/**/*.test.ts"],
		isolate: false,
		// Property tests compute for seconds, on machines that are also busy otherwise.
		testTimeout: 60_000,
	},
});

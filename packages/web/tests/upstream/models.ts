/** The models of the upstream tests, at the sandbox's model server. Each upstream's model name is also the name under which tests set a wire. */
export function modelFileAt(sandboxUrl: string): string {
	const baseUrl = `${sandboxUrl}/model/v1`;
	const upstream = (model: string, at = baseUrl) => ({ kind: "openai-compatible", baseUrl: at, model });
	const entry = (id: string, more: object = {}) => ({
		id,
		label: id,
		weight: 1,
		inputStep: 8_000,
		maxOutput: 4_000,
		contextWindow: 128_000,
		price: { input: 1, cachedInput: 0.1, output: 4 },
		silenceSeconds: 30,
		upstreams: [upstream(id)],
		...more,
	});
	const nowhere = "http://127.0.0.1:9/v1";
	return JSON.stringify({
		models: [
			entry("odd"),
			entry("busy-odd"),
			entry("deepseek-r1"),
			entry("impatient", { silenceSeconds: 1 }),
			entry("short", { maxOutput: 10 }),
			entry("thinker", { efforts: { low: 1, high: 2 } }),
			entry("picky"),
			entry("azure", { upstreams: [upstream("azure", `${baseUrl}?api-version=2026-01-01`)] }),
			entry("spare", { upstreams: [upstream("spare-1"), upstream("spare-2")] }),
			entry("spare-busy", { upstreams: [upstream("spare-busy-1"), upstream("spare-busy-2")] }),
			entry("spare-lost", { upstreams: [upstream("spare-lost-1", nowhere), upstream("spare-lost-2")] }),
			entry("lost", { upstreams: [upstream("lost", nowhere)] }),
			entry("spare-impatient", { silenceSeconds: 1, upstreams: [upstream("spare-impatient-1"), upstream("spare-impatient-2")] }),
			entry("bound-ai", { upstreams: [{ kind: "workers-ai", binding: "AI", model: "@cf/meta/llama" }, upstream("bound-ai")] }),
			entry("titles", { purpose: "titles" }),
		],
	});
}

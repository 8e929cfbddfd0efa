import { randomBytes } from "node:crypto";
import type { WorkerModules } from "./build.ts";
import { SECRET_KEY } from "./fakes/billing-sample.ts";
import { type FakeModel, startModel } from "./fakes/model.ts";
import { type FakeProvider, startProvider } from "./fakes/provider.ts";
import { pin, type RunningWorker, startWorker } from "./runtime.ts";

interface StartOptions {
	/** Variables in addition to those that every Worker gets. */
	variables?: Record<string, string>;
	inspected?: boolean;
	inMemory?: boolean;
}

/** The processes of one run: the fake model, the fake provider, and the measured Workers. */
export class Session {
	readonly model: FakeModel;
	readonly provider: FakeProvider;
	/** Whether every process so far was pinned to its core. */
	pinned: boolean;
	readonly #variables: Record<string, string>;
	readonly #open: { close(): Promise<void> }[];
	readonly #started: RunningWorker[] = [];

	private constructor(model: FakeModel, provider: FakeProvider, pinned: boolean) {
		this.model = model;
		this.provider = provider;
		this.pinned = pinned;
		this.#open = [provider, model];
		this.#variables = {
			BETTER_AUTH_SECRET: randomBytes(32).toString("base64"),
			GUEST_COOKIE_SECRET: randomBytes(32).toString("base64"),
			AI_BASE_URL: model.url,
			AI_MODELS: "bench",
			FLOWGLAD_SECRET_KEY: SECRET_KEY,
			FLOWGLAD_BASE_URL: provider.url,
		};
	}

	/** @param pinned whether to pin servers to core 0, and this process to core 1 */
	static async open(pinned: boolean): Promise<Session> {
		const model = await startModel();
		return new Session(model, await startProvider(), pinned);
	}

	/** Starts a Worker that runs until the session ends. */
	async start(worker: WorkerModules, { variables = {}, ...options }: StartOptions = {}): Promise<RunningWorker> {
		const running = await startWorker(worker, { ...this.#variables, ...variables }, options);
		this.#open.unshift(running);
		this.#started.push(running);
		this.pinned &&= pin(running.pid);
		return running;
	}

	/** Runs a measurement on a fresh process, and stops the process afterwards. */
	async fresh<T>(worker: WorkerModules, options: StartOptions, measure: (running: RunningWorker) => Promise<T>): Promise<T> {
		const running = await this.start(worker, options);
		const measured = await measure(running);
		this.#open.splice(this.#open.indexOf(running), 1);
		await running.close();
		return measured;
	}

	/** @throws if a Worker has logged an error, because times of failed requests are not a result */
	assertNoErrors(): void {
		const errors = this.#started.flatMap((worker) => worker.errors);
		if (errors.length > 0) throw new Error(`no result: the Workers logged ${errors.length} errors, the first: ${errors[0]}`);
	}

	async close(): Promise<void> {
		for (const one of this.#open) await one.close();
	}
}

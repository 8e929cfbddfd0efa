import type { ColoredLine } from "./highlight.ts";
import type { CodeAnswer, OffThreadAnswer, OffThreadTask } from "./off-thread-worker.ts";

interface Asked {
	resolve: (answer: OffThreadAnswer) => void;
	reject: (error: Error) => void;
}

let worker: Worker | undefined;
let lastId = 0;
const asked = new Map<number, Asked>();

/** Sends a task to the worker, which starts with the first one. Rejects if the worker cannot be loaded; the next task retries. */
function ask(task: OffThreadTask): Promise<OffThreadAnswer> {
	worker ??= start();
	lastId += 1;
	const id = lastId;
	const { promise, resolve, reject } = Promise.withResolvers<OffThreadAnswer>();
	asked.set(id, { resolve, reject });
	worker.postMessage({ id, task });
	return promise;
}

function start(): Worker {
	const started = new Worker(new URL("./off-thread-worker.ts", import.meta.url), { type: "module" });
	started.addEventListener("message", ({ data: { id, answer, failed } }) => {
		const waiting = asked.get(id);
		asked.delete(id);
		if (failed) waiting?.reject(new Error("not loaded"));
		else waiting?.resolve(answer);
	});
	started.addEventListener("error", () => {
		if (worker === started) worker = undefined;
		for (const { reject } of asked.values()) reject(new Error("not loaded"));
		asked.clear();
	});
	return started;
}

/** The markup of a formula. Undefined if KaTeX does not know its commands. Rejects if KaTeX cannot be loaded. */
export const typeset = (tex: string, display: boolean): Promise<string | undefined> =>
	ask({ kind: "formula", tex, display }) as Promise<string | undefined>;

let lastBlock = 0;

/** The colors of one code block, which may still grow. One request at a time, then one for the newest code. */
export class CodeColors {
	readonly language: string;
	readonly #block: number;
	#lines: ColoredLine[] = [];
	#wanted = "";
	#isAsking = false;

	constructor(language: string) {
		this.language = language;
		lastBlock += 1;
		this.#block = lastBlock;
	}

	/** Shows the lines once they have colors: for the newest code, and for some earlier states. An unchanged line is the same object. */
	async color(code: string, show: (code: string, lines: ColoredLine[]) => void): Promise<void> {
		this.#wanted = code;
		if (this.#isAsking) return;
		this.#isAsking = true;
		try {
			for (let of = ""; of !== this.#wanted; ) {
				of = this.#wanted;
				const answer = (await ask({ kind: "code", block: this.#block, language: this.language, code: of })) as CodeAnswer;
				if (!answer) return;
				this.#lines = [...this.#lines.slice(0, answer.kept), ...answer.lines];
				show(of, this.#lines);
			}
		} finally {
			this.#isAsking = false;
		}
	}

	/** Drops the code from the worker's cache. */
	end(): void {
		ask({ kind: "forget", block: this.#block }).catch(() => {});
	}
}

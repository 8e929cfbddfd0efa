import type { AnswerStream } from "./answer-stream.ts";

/** Reader limits per answer, and per subject in this isolate, whose memory their unread bytes share. */
const OF_ANSWER_MAX = 64;
const OF_SUBJECT_MAX = 128;

/** Objects in the same isolate share its modules, and so this count. By subject key. */
const bySubject = new Map<string, number>();

/** The readers of a chat's answers. Each counts until it has read everything, leaves or is dropped. */
export class Readers {
	/** Finished answers being replayed, by turn. */
	readonly #replays = new Map<number, AnswerStream>();

	/** Whether another reader of an answer (null: of a new one) would exceed a limit. */
	isFull(subject: string, answer: AnswerStream | null): boolean {
		return (answer?.readers ?? 0) >= OF_ANSWER_MAX || (bySubject.get(subject) ?? 0) >= OF_SUBJECT_MAX;
	}

	join(subject: string, answer: AnswerStream, onLeft: () => void = () => {}): ReadableStream<Uint8Array> {
		bySubject.set(subject, (bySubject.get(subject) ?? 0) + 1);
		return answer.join(() => {
			const left = (bySubject.get(subject) ?? 1) - 1;
			if (left === 0) bySubject.delete(subject);
			else bySubject.set(subject, left);
			onLeft();
		});
	}

	/** Replays a finished answer. Its readers share one copy. */
	replay(subject: string, turn: number, read: () => AnswerStream): ReadableStream<Uint8Array> {
		const answer = this.#replays.get(turn) ?? read();
		this.#replays.set(turn, answer);
		return this.join(subject, answer, () => {
			if (answer.readers === 0) this.#replays.delete(turn);
		});
	}
}

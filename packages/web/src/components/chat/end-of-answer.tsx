import type { ReactNode } from "react";
import type { AnswerMetadata } from "../../view/chat.ts";
import { sentenceOfEnd } from "./answer-end.ts";
import { Reference } from "./notice-row.tsx";

export interface EndOfAnswerProps {
	metadata: AnswerMetadata;
	/** What follows from it. */
	children?: ReactNode;
}

/** How an answer ended that is not complete, and the reference of a fault. */
export default function EndOfAnswer({ metadata, children }: EndOfAnswerProps) {
	const sentence = sentenceOfEnd(metadata);
	if (!sentence) return children;
	return (
		<>
			{sentence} {children}
			<Reference id={metadata.reference} />
		</>
	);
}

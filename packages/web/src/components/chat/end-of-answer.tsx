import type { ReactNode } from "react";
import type { AnswerMetadata } from "../../view/chat.ts";
import { sentenceOfEnd } from "./answer-end.ts";
import { Reference } from "./notice-row.tsx";

export interface EndOfAnswerProps {
	metadata: AnswerMetadata;
	/** The next steps. */
	children?: ReactNode;
}

/** How an incomplete answer ended, with a fault's reference. */
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

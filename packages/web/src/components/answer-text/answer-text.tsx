import { Component, lazy, memo, type ReactNode, Suspense } from "react";

const load = () => import("./formatted-answer.tsx");

/** The server bundles the formatter. A page loads it with its first answer. */
const FormattedAnswer = import.meta.env.SSR
	? (await load()).FormattedAnswer
	: lazy(() => load().then((module) => ({ default: module.FormattedAnswer })));

interface AnswerTextProps {
	text: string;
	/** Markdown definitions for the marks in the text. Not displayed. */
	definitions?: string;
	formatted?: boolean | undefined;
}

/** The formatted text of an answer. Falls back to the raw text on failure. Memoized, so that other changes of the page do not re-render it. */
export const AnswerText = memo(function AnswerText({ text, definitions = "", formatted = true }: AnswerTextProps) {
	const plain = <PlainAnswer text={text} />;
	if (!formatted) return plain;
	return (
		<PlainOnError text={text} plain={plain}>
			<Suspense fallback={plain}>
				<FormattedAnswer text={definitions && text ? `${definitions}\n${text}` : text} />
			</Suspense>
		</PlainOnError>
	);
});

/** An answer's text without Markdown, to copy. */
export const plainTextOf = async (markdown: string): Promise<string> => (await load()).plainText(markdown);

function PlainAnswer({ text }: { text: string }) {
	return (
		text && (
			<div className="prose">
				<p dir="auto" className="whitespace-pre-wrap">
					{text}
				</p>
			</div>
		)
	);
}

interface PlainOnErrorProps {
	text: string;
	plain: ReactNode;
	children: ReactNode;
}

/** One message that fails to render must not take the page down. A new text is tried again. */
class PlainOnError extends Component<PlainOnErrorProps, { text: string; failed: boolean }> {
	override state = { text: this.props.text, failed: false };

	static getDerivedStateFromProps({ text }: PlainOnErrorProps, state: { text: string }) {
		return text === state.text ? null : { text, failed: false };
	}

	static getDerivedStateFromError() {
		return { failed: true };
	}

	override render() {
		return this.state.failed ? this.props.plain : this.props.children;
	}
}

import { type KeyboardEvent, type Ref, useEffect, useEffectEvent, useImperativeHandle, useRef, useState } from "react";
import { MESSAGE_CHARS_MAX } from "../../input.ts";
import { SendSign, StopSign } from "../frame/icons.tsx";
import { LocalNumber, useHydrated } from "../frame/local-time.tsx";
import { keepDraft, readDraft } from "./draft.ts";
import { isSendKey, isTouch } from "./send-key.ts";

export interface ComposerHandle {
	/** Puts words into the composer, before what may stand there already. */
	write: (text: string) => void;
	/** Takes the focus, unless that would open a keyboard on the screen. */
	take: () => void;
	submit: () => void;
}

interface ComposerProps {
	ref: Ref<ComposerHandle>;
	/** Under which name the draft is kept. */
	place: string;
	/** A chat of which nothing is said yet. */
	isNew: boolean;
	answering: boolean;
	stopping: boolean;
	/** There is no request left: the words stay, the notice above says what to do. */
	atLimit: boolean;
	/** Words that were sent before and refused: where they still stand here, they go out as soon as they can. */
	due: string | undefined;
	/** Sent although there is no request left. */
	onRefused: (text: string) => void;
	onSend: (text: string) => void;
	onStop: () => void;
	onFocus: () => void;
}

export function Composer({ ref, place, isNew, answering, stopping, atLimit, due, onRefused, onSend, onStop, onFocus }: ComposerProps) {
	const [text, setText] = useState("");
	const area = useRef<HTMLTextAreaElement>(null);
	const charsOver = text.trim().length - MESSAGE_CHARS_MAX;
	const whole = text.trim() !== "" && charsOver <= 0 && !answering;
	const sendable = whole && !atLimit;

	function change(next: string) {
		setText(next);
		keepDraft(place, next);
	}

	const placeBefore = useRef(place);
	useEffect(() => {
		// What was typed before the scripts arrived, or before a new chat got its name, goes before what was kept.
		const typed = area.current?.value;
		if (typed && placeBefore.current !== place) keepDraft(placeBefore.current, "");
		if (typed) keepDraft(place, typed);
		placeBefore.current = place;
		setText(typed || readDraft(place));
	}, [place]);

	const focused = useEffectEvent(onFocus);
	const hydrated = useHydrated();
	const opened = useRef(hydrated);
	useEffect(() => {
		// A new chat was asked for on this page: its first word is what comes next.
		if (opened.current && isNew) takeFocus(area.current);
		// The reader may have been there before the scripts were.
		if (document.activeElement === area.current) focused();
	}, [isNew]);

	useEffect(() => growWithText(area.current, text), [text]);

	function submit() {
		if (whole && atLimit) onRefused(text.trim());
		if (!sendable) return;
		onSend(text.trim());
		change("");
		area.current?.focus();
	}

	const isDue = sendable && text.trim() === due;
	const sendDue = useEffectEvent(submit);
	useEffect(() => {
		if (isDue) sendDue();
	}, [isDue]);

	useImperativeHandle(ref, () => ({
		write: (words) => {
			change(text.trim() && text.trim() !== words.trim() ? `${words}\n\n${text}` : words);
			area.current?.focus();
		},
		take: () => takeFocus(area.current),
		submit,
	}));

	function onKeyDown(event: KeyboardEvent) {
		if (!isSendKey(event)) return;
		event.preventDefault();
		submit();
	}

	return (
		<>
			{charsOver > 0 && (
				<p role="status" className="border-line border-t py-3">
					This message is <LocalNumber value={charsOver} /> {charsOver === 1 ? "character" : "characters"} too long. Shorten it, or send it
					in parts.
				</p>
			)}
			<form
				className="flex items-end rounded-large bg-raised shadow-flat transition-shadow duration-quick focus-within:shadow-[0_0_0_1px_var(--color-edge)]"
				onSubmit={(event) => {
					event.preventDefault();
					submit();
				}}
			>
				<textarea
					ref={area}
					rows={1}
					aria-label="Message"
					placeholder="Ask anything"
					className="field-sizing-content block max-h-[40dvh] min-h-14 w-full min-w-0 grow resize-none bg-transparent py-3.5 pl-4 text-body outline-none"
					value={text}
					onChange={(event) => change(event.target.value)}
					onKeyDown={onKeyDown}
					onFocus={onFocus}
				/>
				<div className="p-1.5">
					{answering ? (
						<button type="button" aria-label="Stop" className="button-plain size-11 p-0" disabled={stopping} onClick={onStop}>
							<StopSign />
						</button>
					) : (
						// Before the scripts are there a press must not load the page anew.
						<button type={hydrated ? "submit" : "button"} aria-label="Send" aria-disabled={!sendable} className="button-next size-11 p-0">
							<SendSign />
						</button>
					)}
				</div>
			</form>
		</>
	);
}

function takeFocus(area: HTMLTextAreaElement | null): void {
	if (!isTouch()) area?.focus();
}

/** For browsers that do not know `field-sizing`. */
function growWithText(area: HTMLTextAreaElement | null, text: string): void {
	if (!area || CSS.supports("field-sizing", "content")) return;
	area.style.height = "auto";
	if (text) area.style.height = `${area.scrollHeight}px`;
}

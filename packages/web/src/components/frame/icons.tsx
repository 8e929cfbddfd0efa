import type { ReactNode } from "react";

/** Signs are drawn at 20 px with one pen. They never stand for a word alone: the button that holds one has a name. */
function sign(paths: ReactNode) {
	return function Sign() {
		return (
			<svg
				aria-hidden="true"
				width="20"
				height="20"
				viewBox="0 0 20 20"
				fill="none"
				stroke="currentColor"
				strokeWidth="1.5"
				strokeLinecap="round"
				strokeLinejoin="round"
				className="shrink-0"
			>
				{paths}
			</svg>
		);
	};
}

export const SendSign = sign(<path d="M10 16V4M5 9l5-5 5 5" />);
export const StopSign = sign(<rect x="5.5" y="5.5" width="9" height="9" rx="1.5" fill="currentColor" />);
export const NewChatSign = sign(<path d="M10 4v12M4 10h12" />);
export const SideSign = sign(<path d="M3.5 4.5h13v11h-13zM8 4.5v11" />);
export const CloseSign = sign(<path d="m5 5 10 10M15 5 5 15" />);
export const DeleteSign = sign(<path d="M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6" />);
export const DownSign = sign(<path d="M10 4v12M5 11l5 5 5-5" />);

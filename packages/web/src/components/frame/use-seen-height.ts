import { useEffect } from "react";

/** Sets `--seen` to the visible height while an iOS keyboard covers the page, so that the composer stays above the keyboard. */
export function useSeenHeight(): void {
	useEffect(() => {
		const seen = window.visualViewport;
		if (!seen) return;
		const measure = () => {
			const covered = window.innerHeight - seen.height > 120 && seen.scale === 1;
			if (covered) document.documentElement.style.setProperty("--seen", `${seen.height}px`);
			else document.documentElement.style.removeProperty("--seen");
		};
		seen.addEventListener("resize", measure);
		return () => seen.removeEventListener("resize", measure);
	}, []);
}

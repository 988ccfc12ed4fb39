import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../icon/icon.js';
import { createFiles } from './create-files.js';

/** The whole page takes files that are dropped on it. */
export function DropTarget() {
  const [over, setOver] = useState(false);
  useEffect(() => {
    // Enter and leave come for every element below; only the first and the last count.
    let depth = 0;
    const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const listeners: Partial<Record<string, (event: DragEvent) => void>> = {
      dragenter: (event) => {
        if (!holdsFiles(event)) return;
        depth += 1;
        setOver(true);
      },
      dragleave: (event) => {
        if (!holdsFiles(event)) return;
        depth -= 1;
        if (depth <= 0) setOver(false);
      },
      dragover: (event) => {
        if (holdsFiles(event)) event.preventDefault();
      },
      drop: (event) => {
        if (!holdsFiles(event)) return;
        event.preventDefault();
        depth = 0;
        setOver(false);
        void createFiles([...(event.dataTransfer?.files ?? [])]);
      },
    };
    const all = Object.entries(listeners) as [string, EventListener][];
    for (const [type, listener] of all) addEventListener(type, listener);
    return () => {
      for (const [type, listener] of all) removeEventListener(type, listener);
    };
  }, []);
  if (!over) return null;
  return (
    <div class="drop-target" aria-hidden="true">
      <div>
        <Icon name="upload" />
        <p>Drop to create a document</p>
        <p class="quiet">Text, PDF, images, anything up to 10 MiB</p>
      </div>
    </div>
  );
}

import { useLayoutEffect } from 'preact/hooks';
import { CreateDialog } from './create/create-dialog.js';
import { DropTarget } from './create/drop-target.js';
import { closeDialog, openDialog } from './dialog/open-dialog.js';
import { DocumentView } from './document/document-view.js';
import { ListView } from './list/list-view.js';
import { ProfileDialog } from './profile/profile-dialog.js';
import { route } from './route/route.js';
import { Announcer } from './shell/announcer.js';
import { OfflineNote } from './shell/offline-note.js';
import { TopBar } from './shell/top-bar.js';
import { useViewFocus } from './shell/use-view-focus.js';
import { onKeys } from './shortcuts/shortcuts.js';
import { ShortcutsDialog } from './shortcuts/shortcuts-dialog.js';
import { ToastCorner } from './toast/toast-corner.js';

/** The whole page: the bar, the list or a document, and what may lie above them. */
export function App() {
  const { document: open } = route.value;
  const dialog = openDialog.value;
  useViewFocus();
  useLayoutEffect(() => {
    const show = (which: 'create' | 'shortcuts') => () => {
      openDialog.value = which;
    };
    return onKeys({ n: show('create'), '?': show('shortcuts') });
  }, []);
  return (
    <>
      <TopBar />
      <OfflineNote />
      {open === '' ? <ListView /> : <DocumentView key={open} id={open} />}
      {dialog === 'create' && <CreateDialog close={closeDialog} />}
      {dialog === 'profile' && <ProfileDialog close={closeDialog} />}
      {dialog === 'shortcuts' && <ShortcutsDialog close={closeDialog} />}
      <DropTarget />
      <ToastCorner />
      <Announcer />
    </>
  );
}

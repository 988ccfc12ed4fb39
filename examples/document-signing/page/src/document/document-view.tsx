import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { Icon } from '../icon/icon.js';
import { Nothing } from '../list/nothing.js';
import { Preview } from '../preview/preview.js';
import { profile } from '../profile/profile.js';
import { Link } from '../route/link.js';
import { go } from '../route/route.js';
import { onKeys } from '../shortcuts/shortcuts.js';
import { SignDialog } from '../sign/sign-dialog.js';
import { ConfirmDelete } from './confirm-delete.js';
import { DocumentHead } from './document-head.js';
import { People } from './people.js';
import { isMissing, openRoom, type Room } from './room.js';
import { Signatures } from './signatures.js';
import { Stats } from './stats.js';
import { canBeSigned } from './status-items.js';
import { Timeline } from './timeline.js';

/** One document: what it says, who signed, what happened, who is here. */
export function DocumentView({ id }: { readonly id: string }) {
  const [room, setRoom] = useState<Room>();
  useEffect(() => {
    const opened = openRoom(id);
    setRoom(opened);
    return opened.close;
  }, [id]);
  return (
    <main class="document-view">
      <p class="back">
        <Link to={{ document: '' }}>
          <Icon name="back" />
          All documents
        </Link>
      </p>
      {room && <InRoom id={id} room={room} />}
    </main>
  );
}

function InRoom({ id, room }: { readonly id: string; readonly room: Room }) {
  const [dialog, setDialog] = useState<'sign' | 'delete'>();
  const document = room.document.value;
  const signed = room.signatures.value.some(({ signer_email }) => signer_email === profile.value.email);
  const known = document !== undefined;
  const maySign = document !== undefined && canBeSigned(document) && !signed;

  // Before the next key can come.
  useLayoutEffect(
    () =>
      onKeys({
        Escape: () => go({ document: '' }),
        ...(maySign ? { s: () => setDialog('sign') } : {}),
      }),
    [maySign],
  );

  // The heading gets the focus when the document comes, and when what had it is gone: the button of a signature that was made.
  useEffect(() => {
    if (known && nothingHasFocus()) heading()?.focus({ preventScroll: true });
  }, [known, maySign]);

  if (room.gone.value) {
    return (
      <Nothing icon="trash" title="This document was deleted" alone>
        <p>
          <Link to={{ document: '' }}>Back to all documents</Link>
        </p>
      </Nothing>
    );
  }
  if (document === undefined) return <Missing room={room} />;
  const close = () => setDialog(undefined);
  return (
    <>
      <DocumentHead
        document={document}
        sign={maySign ? () => setDialog('sign') : undefined}
        remove={() => setDialog('delete')}
        here={<People members={room.members.value} />}
      />
      <div class="document-body">
        <Preview key={id} document={document} />
        <aside class="beside" aria-label="About this document">
          <section class="card" aria-labelledby="signatures-heading">
            <h2 id="signatures-heading">Signatures</h2>
            {room.signatures.value.length === 0 && <p class="quiet">Nobody has signed yet.</p>}
            <Signatures signatures={room.signatures.value} />
            {maySign && (
              <button type="button" class="sign-here" onClick={() => setDialog('sign')}>
                <Icon name="pen" />
                Sign as {profile.value.name}
              </button>
            )}
          </section>
          <section class="card" aria-labelledby="stats-heading">
            <h2 id="stats-heading">Statistics</h2>
            <Stats stats={room.stats.value} />
          </section>
          <section class="card" aria-labelledby="activity-heading">
            <h2 id="activity-heading">Activity</h2>
            {room.problem.value && (
              <p class="problem" role="alert">
                It could not be loaded. {room.problem.value.message} Trying again…
              </p>
            )}
            <Timeline events={room.activity.value} />
          </section>
        </aside>
      </div>
      {dialog === 'sign' && <SignDialog document={document} signed={room.signed} close={close} />}
      {dialog === 'delete' && (
        <ConfirmDelete document={document} close={close} deleted={() => go({ document: '' }, { replace: true })} />
      )}
    </>
  );
}

const heading = () => globalThis.document.getElementById('document-title');
const nothingHasFocus = () => globalThis.document.activeElement === globalThis.document.body;

function Missing({ room }: { readonly room: Room }) {
  const problem = room.problem.value;
  if (problem === undefined) return <p class="quiet">Loading…</p>;
  return (
    <Nothing icon="warning" title={isMissing(problem) ? 'There is no such document' : 'It could not be loaded'} alone>
      <p role="alert">
        {isMissing(problem) ? 'It may have been deleted.' : `${problem.message} ${problem.advice} Trying again…`}
      </p>
    </Nothing>
  );
}

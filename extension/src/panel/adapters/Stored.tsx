import { useState } from 'react';
import { Button } from '../common/Button.tsx';
import { formatBytes } from '../../../../src/protocol/format-bytes.ts';
import { bytesInBrowser } from '../../store/state.ts';
import { useSession, useSlice } from '../session-context.ts';

/** How much is stored, and a way to be rid of all of it. */
export function Stored() {
  const { strings, adapters } = useSession();
  const s = strings.adapters;
  const bytes = useSlice(bytesInBrowser);
  const [asking, setAsking] = useState(false);
  if (asking) {
    return (
      <div className="salt-card" data-kind="warning" role="group" aria-label={s.erase}>
        <p>{s.eraseQuestion}</p>
        <div className="salt-row">
          <Button
            kind="danger"
            onPress={() => {
              setAsking(false);
              return adapters.eraseAll();
            }}
          >
            {s.eraseYes}
          </Button>
          <Button kind="link" focused onPress={() => setAsking(false)}>
            {strings.cancel}
          </Button>
        </div>
      </div>
    );
  }
  return (
    <div className="salt-row">
      <span className="salt-grow salt-dim">
        {bytes !== undefined && s.stored(formatBytes(bytes, strings.locale))}
      </span>
      <Button kind="link" onPress={() => setAsking(true)}>
        {s.erase} …
      </Button>
    </div>
  );
}

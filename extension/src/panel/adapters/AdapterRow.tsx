import { useRef, useState } from 'react';
import type { RefObject } from 'react';
import type { AdapterSummary } from '../../../../src/protocol/backend.ts';
import { adapterFileName } from '../../workflow/adapters.ts';
import { currentSource, sourceName } from '../../workflow/common/source.ts';
import { Button } from '../common/Button.tsx';
import { download } from '../common/download.ts';
import { Icon } from '../common/Icon.tsx';
import { formatBytes } from '../../../../src/protocol/format-bytes.ts';
import { formatMoment, formatPixels, formatScore } from '../format.ts';
import { useReason, useSession } from '../session-context.ts';

export function AdapterRow({ adapter }: { readonly adapter: AdapterSummary }) {
  const { strings, adapters: actions } = useSession();
  const { locale, adapters: s } = strings;
  const { id, name, score } = adapter;
  const [renaming, setRenaming] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const inUse = useReason((state) => {
    const source = currentSource(state);
    return source?.kind === 'adapter' && source.id === id;
  });
  // Added models go by a hash.
  const model = useReason((state) => sourceName(state, { kind: 'model', id: adapter.model }));
  const save = async (): Promise<void> => {
    const file = await actions.exportFile(id);
    if (file) download(file, adapterFileName(adapter));
  };
  const methods: Readonly<Record<string, string>> = strings.train.methods;
  return (
    <li className="salt-card">
      <div className="salt-row">
        {renaming ? (
          <Rename form={form} adapter={adapter} onDone={() => setRenaming(false)} />
        ) : (
          <strong className="salt-grow salt-ellipsis" title={name}>
            {name}
          </strong>
        )}
        <Button
          kind="icon"
          label={s.rename(name)}
          onPress={() => (renaming ? form.current?.requestSubmit() : setRenaming(true))}
        >
          <Icon name="pencil" />
        </Button>
        <Button kind="icon" label={s.export(name)} onPress={save}>
          <Icon name="download" />
        </Button>
        <Button kind="icon" label={s.remove(name)} onPress={() => actions.remove(id)}>
          <Icon name="bin" />
        </Button>
      </div>
      <div className="salt-row">
        <div className="salt-grow salt-dim salt-number">
          <div>{s.facts(methods[adapter.method] ?? adapter.method, model, adapter.trainingFrames)}</div>
          <div>
            {score ? s.dice(formatScore(locale, score.dice), formatPixels(locale, score.hd95)) : s.unchecked}
          </div>
          <div>
            {formatMoment(locale, adapter.createdAt)}, {formatBytes(adapter.bytes, locale)}
          </div>
        </div>
        {inUse ? (
          <span className="salt-dim">{s.inUse}</span>
        ) : (
          <Button onPress={() => actions.use({ kind: 'adapter', id })}>{s.use}</Button>
        )}
      </div>
    </li>
  );
}

interface RenameProps {
  readonly form: RefObject<HTMLFormElement>;
  readonly adapter: AdapterSummary;
  readonly onDone: () => void;
}

/** Enter, or the pencil once more, takes the name; Escape does not. */
function Rename({ form, adapter, onDone }: RenameProps) {
  const { strings, adapters } = useSession();
  const [name, setName] = useState(adapter.name);
  return (
    <form
      ref={form}
      className="salt-grow"
      onSubmit={(event) => {
        event.preventDefault();
        void adapters.rename(adapter.id, name);
        onDone();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onDone();
      }}
    >
      <input
        className="salt-input"
        aria-label={strings.adapters.newName}
        autoFocus
        maxLength={120}
        value={name}
        onChange={({ target }) => setName(target.value)}
      />
    </form>
  );
}

import { FilePick } from '../common/FilePick.tsx';
import { Section } from '../common/Section.tsx';
import { useSession, useSlice } from '../session-context.ts';
import { AdapterRow } from './AdapterRow.tsx';
import { Compare } from './Compare.tsx';
import { Stored } from './Stored.tsx';

export function AdaptersSection() {
  const { strings, adapters: actions } = useSession();
  const s = strings.adapters;
  const adapters = useSlice((state) => state.adapters);
  return (
    <Section name="adapters" title={s.title} summary={s.count(adapters.length)}>
      {adapters.length === 0 ? (
        <p className="salt-dim">{s.empty}</p>
      ) : (
        <ul className="salt-list">
          {adapters.map((adapter) => (
            <AdapterRow key={adapter.id} adapter={adapter} />
          ))}
        </ul>
      )}
      <div>
        <FilePick kind="link" accept=".safetensors" onFiles={([file]) => file && actions.importFile(file)}>
          {s.import}
        </FilePick>
      </div>
      <Compare />
      <Stored />
    </Section>
  );
}

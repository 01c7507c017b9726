import { Button } from '../common/Button.tsx';
import { download } from '../common/download.ts';
import { FilePick } from '../common/FilePick.tsx';
import { useSession, useSlice } from '../session-context.ts';

/** The set as a file. */
export function SetFiles() {
  const { strings, frames } = useSession();
  const empty = useSlice((state) => state.frames.length === 0);
  const s = strings.frames;
  const save = async (): Promise<void> => {
    const zip = await frames.exportZip();
    if (zip) download(zip, 'salt-frames.zip');
  };
  return (
    <div className="salt-row">
      <FilePick
        kind="link"
        accept=".zip,application/zip"
        hint={s.importHint}
        onFiles={([file]) => file && frames.importZip(file)}
      >
        {s.import}
      </FilePick>
      {!empty && (
        <Button kind="link" hint={s.exportHint} onPress={save}>
          {s.export}
        </Button>
      )}
    </div>
  );
}

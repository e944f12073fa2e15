using System.IO.Compression;
using System.Text;

namespace Armada.Silo.Identities;

/// <summary>One archive with all that a device needs to be itself. It may hold a private key: it is given out and never kept.</summary>
/// <param name="FileName">What to call it.</param>
/// <param name="Zip">The archive.</param>
internal sealed record Bundle(string FileName, ReadOnlyMemory<byte> Zip)
{
    private const int RegularFile = 0x8000; // S_IFREG; the mode of an entry is in the upper half of its attributes.
    private const int ForAll = 0x1A4; // 0644
    private const int OwnerOnly = 0x180; // 0600

    /// <summary>Packs files.</summary>
    /// <param name="name">The device's name.</param>
    /// <param name="at">When; the files' time.</param>
    /// <param name="files">Path, content, and whether the owner alone may read it.</param>
    public static Bundle Pack(string name, DateTimeOffset at, IEnumerable<(string Path, ReadOnlyMemory<byte> Content, bool IsSecret)> files)
    {
        using var zip = new MemoryStream();
        using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (path, content, isSecret) in files)
            {
                var entry = archive.CreateEntry(path);
                entry.LastWriteTime = at;
                entry.ExternalAttributes = (RegularFile | (isSecret ? OwnerOnly : ForAll)) << 16;
                using var stream = entry.Open();
                stream.Write(content.Span);
            }
        }

        return new Bundle($"{name}.zip", zip.ToArray());
    }

    /// <summary>A text as a file.</summary>
    public static ReadOnlyMemory<byte> Text(string text) => Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n"));

    /// <inheritdoc/>
    public override string ToString() => $"{nameof(Bundle)} {FileName}"; // Without the content.
}

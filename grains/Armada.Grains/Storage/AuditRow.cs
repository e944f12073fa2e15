using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Armada.Grains.Storage;

/// <param name="Entry">With its texts cut.</param>
/// <param name="At">Microseconds.</param>
/// <param name="Size">What it takes of its budget, in bytes.</param>
/// <param name="Fold">Of a stop or reset, 16 bytes that are the same for equal ones; otherwise null.</param>
internal sealed record AuditRow(AuditEntry Entry, long At, long Size, byte[]? Fold)
{
    public static AuditRow Of(AuditEntry entry, AuditRetention retention)
    {
        var cut = entry with
        {
            Who = Cut(entry.Who)!,
            Role = Cut(entry.Role)!,
            From = Cut(entry.From)!,
            What = Cut(entry.What)!,
            Subject = Cut(entry.Subject)!,
            Detail = Cut(entry.Detail),
        };
        string?[] texts = [cut.Who, cut.Role, cut.From, cut.What, cut.Subject, cut.Detail];
        var size = AuditRetention.RecordOverhead + texts.Sum(text => text is null ? 0 : Encoding.UTF8.GetByteCount(text));
        return new AuditRow(cut, UnixTime.ToMicroseconds(entry.At), size, retention.StopKinds.Contains(cut.What) ? FoldOf(texts) : null);
    }

    /// <summary>A text as it is stored; also what a filter has to be compared with.</summary>
    public static string? Cut(string? text) =>
        (text?.Length > AuditEntry.MaxLength ? text[..AuditEntry.MaxLength] : text)?.Replace('\0', ' ');

    private static byte[] FoldOf(string?[] texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var text in texts)
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, text?.Length ?? -1);
            hash.AppendData(length);
            hash.AppendData(Encoding.UTF8.GetBytes(text ?? ""));
        }

        return hash.GetHashAndReset()[..16];
    }
}

using Armada.Core.Devices;

namespace Armada.Silo.Identities.Registry;

/// <summary>How long certificates are good.</summary>
/// <param name="Device">Of a device that renews its certificate by itself.</param>
/// <param name="Board">Of a MicroPython board, which somebody must walk to.</param>
internal sealed record CertificateTerms(TimeSpan Device, TimeSpan Board)
{
    /// <summary>A year, and five.</summary>
    public static CertificateTerms Default { get; } = new(TimeSpan.FromDays(365), TimeSpan.FromDays(5 * 365));

    /// <summary>How long a kind's is.</summary>
    public TimeSpan Of(BoardRole? role) => role is null ? Device : Board;
}

namespace Armada.Silo.Identities;

/// <summary>How long certificates are valid.</summary>
/// <param name="Device">Of devices that renew their certificates themselves.</param>
/// <param name="Board">Of MicroPython boards, whose certificates are exchanged by hand.</param>
internal sealed record CertificateLifetimes(TimeSpan Device, TimeSpan Board)
{
    public static CertificateLifetimes Default { get; } = new(TimeSpan.FromDays(365), TimeSpan.FromDays(5 * 365));

    public TimeSpan For(BoardRole? role) => role is null ? Device : Board;
}

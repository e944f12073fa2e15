using Armada.Core.Devices;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Silo.Ingress;

namespace Armada.Silo.Provisioning;

/// <summary>From what registry, presence and engine know to what the API shows.</summary>
internal sealed class IdentityReader(IRobotEngine engine, DevicePresences presences, DeviceLastSeen sightings)
{
    /// <summary>A device.</summary>
    public async ValueTask<IdentityView> ReadAsync(DeviceIdentity device, CancellationToken cancellation) =>
        Read(device, await engine.ListAsync(cancellation));

    /// <summary>A device, given all robots.</summary>
    public IdentityView Read(DeviceIdentity device, IReadOnlyList<RobotSnapshot> robots)
    {
        var inUse = sightings.CertificateOf(device.Name);
        return new IdentityView(
            device.Name,
            DeviceKinds.NameOf(device.Kind),
            IdentityRules.WordOf(device.Role),
            device.Site,
            device.CreatedAt,
            device.Newest?.Fingerprint,
            device.Newest?.NotAfter,
            [.. device.Certificates.Select(its => new CertificateView(
                its.Fingerprint, its.NotBefore, its.NotAfter, its.IsCollected, its.Fingerprint == inUse))],
            presences.Of(device.Name)?.Presence.Online,
            sightings.Of(device.Name),
            [.. robots.SelectMany(robot => BoundTo(robot, device.Name))]);
    }

    private static IEnumerable<BoundRobotView> BoundTo(RobotSnapshot robot, string device)
    {
        if (robot.Document.Master is { } master && master.Name == device)
            yield return new BoundRobotView(robot.Document.Id, "master");
        if (robot.Document.Slaves.Any(slave => slave.Name == device))
            yield return new BoundRobotView(robot.Document.Id, "slave");
    }
}

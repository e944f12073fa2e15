namespace Armada.Core.Devices;

/// <summary>A device that is to have an identity.</summary>
/// <param name="Name">Its name: client id, topic level and thing name in one; 1 to 64 of a-z, A-Z, 0-9, '-' and '_'.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Role">What its arm does; of a <see cref="DeviceKind.MicroPythonArm"/> and of nothing else.</param>
/// <param name="Site">Where it stands, in characters of a name; or null.</param>
/// <param name="Request">
/// PKCS #10 request of a key that the device keeps, PEM; null where the registry is to make the key.
/// </param>
public sealed record NewDevice(string Name, DeviceKind Kind, BoardRole? Role = null, string? Site = null, string? Request = null);

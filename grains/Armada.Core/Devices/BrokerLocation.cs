namespace Armada.Core.Devices;

/// <summary>Where devices reach their broker, and whom they trust there.</summary>
/// <param name="Host">Name or address, as the broker's certificate has it.</param>
/// <param name="Port">TLS port.</param>
/// <param name="Authority">Certificate of the authority that the broker's comes from, PEM.</param>
/// <param name="SignsDevices">
/// Whether that authority signs the devices' certificates too, under their names; AWS IoT Core's are of another one, which puts no names in.
/// </param>
public sealed record BrokerLocation(string Host, int Port, string Authority, bool SignsDevices = true);

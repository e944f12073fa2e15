using System.Text.Json.Serialization;

namespace Armada.EdgeAgent.Enrollment;

/// <summary>What is asked of the silo.</summary>
/// <param name="Token">The token.</param>
/// <param name="Csr">Request for a certificate, PKCS #10 PEM.</param>
/// <param name="Name">The device's name; absent for the one the token is for.</param>
internal sealed record EnrollmentRequest(string Token, string Csr, string? Name);

/// <summary>What the silo gives.</summary>
/// <param name="Name">The device's name.</param>
/// <param name="Kind">What it is, such as so101-leader.</param>
/// <param name="Certificate">Its certificate, PEM.</param>
/// <param name="Ca">The authority of the broker's, PEM.</param>
/// <param name="Broker">Where the broker is.</param>
/// <param name="TopicRoot">Root of the topics.</param>
/// <param name="ExpiresAt">Until when the certificate is good.</param>
internal sealed record EnrollmentAnswer(
    string Name, string Kind, string Certificate, string Ca, EnrollmentBroker Broker, string TopicRoot, DateTimeOffset ExpiresAt);

/// <summary>Where the broker is.</summary>
/// <param name="Host">Name or address, as its certificate has it.</param>
/// <param name="Port">TLS port.</param>
/// <param name="SignsDevices">Whether its authority signs the devices' certificates too, under their names.</param>
internal sealed record EnrollmentBroker(string Host, int Port, bool SignsDevices = true);

/// <summary>Why the silo does not do it: problem details of RFC 9457.</summary>
/// <param name="Title">The kind of problem.</param>
/// <param name="Detail">This one.</param>
internal sealed record EnrollmentProblem(string? Title = null, string? Detail = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EnrollmentRequest))]
[JsonSerializable(typeof(EnrollmentAnswer))]
[JsonSerializable(typeof(EnrollmentProblem))]
internal sealed partial class EnrollmentJson : JsonSerializerContext;

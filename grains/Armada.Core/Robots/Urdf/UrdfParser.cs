using System.Globalization;
using System.Xml;

namespace Armada.Core.Robots.Urdf;

/// <summary>Reads the joints out of a URDF's XML: no DTD, no entity of its own, bounded in size and depth.</summary>
internal sealed class UrdfParser
{
    /// <summary>Deepest nesting; URDF itself needs 5.</summary>
    public const int MaxDepth = 64;

    // Joints stand right below the root; elements of the same name elsewhere, as in a transmission, only refer to them.
    private const int JointDepth = 1;

    // Fixed joints hold sensors, covers and frames together; a model with more of them than this is no arm.
    private const int MaxJoints = 1000;

    private readonly XmlReader xml;
    private readonly List<UrdfJoint> joints = [];
    private UrdfJoint? open;

    private UrdfParser(XmlReader xml) => this.xml = xml;

    /// <exception cref="UrdfFault">It is no URDF.</exception>
    public static UrdfDocument Parse(string text)
    {
        var settings = new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            MaxCharactersInDocument = UrdfModel.MaxLength,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
            IgnoreWhitespace = true,
        };
        try
        {
            using var reader = XmlReader.Create(new StringReader(text), settings);
            return new UrdfParser(reader).Parse();
        }
        catch (XmlException fault)
        {
            throw new UrdfFault($"it is no XML that can be read: {fault.Message}");
        }
    }

    private UrdfDocument Parse()
    {
        if (xml.MoveToContent() != XmlNodeType.Element || xml.LocalName != "robot")
            throw new UrdfFault("its root element must be robot");
        var name = xml.GetAttribute("name") ?? "";
        while (xml.Read())
        {
            if (xml.Depth > MaxDepth)
                throw new UrdfFault($"it is nested deeper than {MaxDepth}");
            if (xml.NodeType == XmlNodeType.Element)
                OnElement();
            else if (xml.NodeType == XmlNodeType.EndElement && xml.Depth == JointDepth)
                Close();
        }

        return new UrdfDocument(name, joints);
    }

    private void OnElement()
    {
        if (xml.Depth == JointDepth && xml.LocalName == "joint")
        {
            open = new UrdfJoint(Need("name"), Need("type"), null, IsMimic: false);
            if (xml.IsEmptyElement)
                Close();
        }
        else if (xml.Depth == JointDepth + 1 && open is not null)
        {
            open = xml.LocalName switch
            {
                "limit" => open with { Limit = new UrdfLimit(Number("lower"), Number("upper"), Number("velocity")) },
                "mimic" => open with { IsMimic = true },
                _ => open,
            };
        }
    }

    private void Close()
    {
        if (open is null)
            return;
        if (joints.Count == MaxJoints)
            throw new UrdfFault($"it has more than {MaxJoints} joints");
        joints.Add(open);
        open = null;
    }

    private string Need(string attribute) =>
        xml.GetAttribute(attribute) is { Length: > 0 } value
            ? value
            : throw new UrdfFault($"joint {xml.GetAttribute("name") ?? joints.Count.ToString(CultureInfo.InvariantCulture)} has no {attribute}");

    private double? Number(string attribute)
    {
        if (xml.GetAttribute(attribute) is not { } text)
            return null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? value
            : throw new UrdfFault($"joint {open!.Name}: its limit's {attribute} is no number (xacro must be expanded first)");
    }
}

/// <summary>A joint of a URDF.</summary>
/// <param name="Limit">Null where it has none.</param>
/// <param name="IsMimic">Whether it follows another joint and has no motor of its own.</param>
internal sealed record UrdfJoint(string Name, string Type, UrdfLimit? Limit, bool IsMimic);

/// <summary>A joint's limit element: radians, or radians per second; null where an attribute is left out.</summary>
internal sealed record UrdfLimit(double? Lower, double? Upper, double? Velocity);

/// <param name="Name">May be empty.</param>
/// <param name="Joints">In the document's order.</param>
internal sealed record UrdfDocument(string Name, IReadOnlyList<UrdfJoint> Joints);

/// <summary>A text that is no URDF; the message says where and why. Never leaves this namespace.</summary>
internal sealed class UrdfFault(string message) : Exception(message);
